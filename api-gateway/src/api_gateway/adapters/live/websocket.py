"""The live channel over WebSocket (RFC 6455), subprotocol `pinstack.v1`."""

import asyncio
from contextlib import suppress
from typing import Final

from service_kit.errors import AppError, InvalidArgument
from starlette.types import Receive, Scope, Send

from api_gateway.adapters.live.callers import PROTOCOL, Callers, subprotocols
from api_gateway.adapters.live.measures import Measures
from api_gateway.adapters.live.presence import present
from api_gateway.adapters.live.wire import MOST_BYTES, Encoder, InvalidFrame, command_from_json
from api_gateway.application.live import closing
from api_gateway.application.live.closing import Closing
from api_gateway.application.live.connection import Connection
from api_gateway.application.live.dialogue import Dialogue
from api_gateway.application.live.frames import Frame
from api_gateway.application.live.hub import Hub

_REASON_BYTES: Final = 123
"""What a close frame has room for (RFC 6455, 5.5.1)."""


class WebSocketCarrier:
    """One WebSocket."""

    name: Final = "websocket"
    __slots__ = ("_encoder", "_measures", "_send", "_task")

    def __init__(self, send: Send, encoder: Encoder, measures: Measures) -> None:
        self._send = send
        self._encoder = encoder
        self._measures = measures
        self._task = asyncio.current_task()

    async def send(self, frame: Frame) -> None:
        """Put a frame on the wire. Raises OSError where the client is gone."""
        text = self._encoder.json(frame).decode()
        with self._measures.sending(frame):
            await self._send({"type": "websocket.send", "text": text})

    async def close(self, why: Closing) -> None:
        """Send the close frame. Raises OSError where the client is gone."""
        await _close(self._send, why)

    def dropped(self, frames: int) -> None:
        """Frames are given up; the client resumes."""
        self._measures.dropped(frames)

    def abort(self) -> None:
        """End what reads from the client, and the connection with it."""
        if self._task is not None:
            self._task.cancel()


class WebSocketEndpoint:
    """`GET /notification/ws` (ASGI)."""

    def __init__(self, hub: Hub, dialogue: Dialogue, callers: Callers, encoder: Encoder) -> None:
        self._hub = hub
        self._dialogue = dialogue
        self._callers = callers
        self._encoder = encoder
        self._measures = Measures("websocket")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket. Raises PermissionDenied, before it is one, for a foreign origin."""
        await receive()  # websocket.connect
        self._callers.check_origin(scope)
        carrier = WebSocketCarrier(send, self._encoder, self._measures)
        try:
            principal = await self._callers.identify(scope)
            # Attached before it is accepted, so that a revocation meanwhile is not missed.
            connection = self._hub.attach(principal, carrier)
        except AppError as error:
            with suppress(OSError):  # it may have gone already
                await _accept(scope, send)
                await _close(send, closing.refusal(error))
            return
        async with present(self._hub, connection, self._measures):
            await _accept(scope, send)
            connection.opened()
            await self._converse(connection, receive)

    async def _converse(self, connection: Connection, receive: Receive) -> None:
        """Carry out what the client says until it is gone, or until the close frame is sent."""
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            if connection.closing is not None:
                continue
            if _is_too_large(text, message.get("bytes")):
                connection.close(closing.TOO_LARGE)
                continue
            try:
                if text is None:
                    raise InvalidFrame
                command = command_from_json(text)
            except InvalidArgument as error:
                connection.refuse(error.code, _explained(error))
            else:
                await self._dialogue.command(connection, command)


async def _accept(scope: Scope, send: Send) -> None:
    """Accept; of what the client offers, only the protocol's name is ever repeated."""
    chosen = PROTOCOL if PROTOCOL in subprotocols(scope) else None
    await send({"type": "websocket.accept", "subprotocol": chosen})


async def _close(send: Send, why: Closing) -> None:
    reason = why.message.encode()[:_REASON_BYTES].decode(errors="ignore")
    await send({"type": "websocket.close", "code": why.close_code, "reason": reason})


def _is_too_large(text: str | None, data: bytes | None) -> bool:
    if text is None:
        return len(data or b"") > MOST_BYTES
    return len(text) > MOST_BYTES or len(text.encode()) > MOST_BYTES


def _explained(error: InvalidArgument) -> str:
    """One line: an error frame has no details."""
    issues = "; ".join(f"{item.field} {item.issue}" for item in error.violations)
    return f"{error.message}: {issues}" if issues else error.message
