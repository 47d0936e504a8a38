"""The live channel over Server-Sent Events (HTML Living Standard, 9.2)."""

import asyncio
from typing import Final
from urllib.parse import parse_qsl

from service_kit.errors import FieldViolation, InvalidArgument
from starlette.types import Receive, Scope, Send

from api_gateway.adapters.live.callers import Callers, header
from api_gateway.adapters.live.measures import Measures
from api_gateway.adapters.live.presence import present
from api_gateway.adapters.live.wire import Encoder
from api_gateway.application.live.closing import Closing
from api_gateway.application.live.frames import Frame, error_frame
from api_gateway.application.live.hub import Hub

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
_HELLO: Final = b": welcome\n\n"
_RETRY: Final = b"retry: 3000\n"
"""Milliseconds until a client that lost its connection comes back."""

_MOST_DIGITS: Final = 18
"""Of a seq; every number of so many fits into 63 bits."""


class EventStream:
    """One answer that does not end."""

    name: Final = "sse"
    __slots__ = ("_encoder", "_measures", "_send", "_task")

    def __init__(self, send: Send, encoder: Encoder, measures: Measures) -> None:
        self._send = send
        self._encoder = encoder
        self._measures = measures
        self._task = asyncio.current_task()

    async def start(self, *, head_only: bool) -> None:
        """Begin the answer; to HEAD that is all of it."""
        await self._send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        await self._write(b"" if head_only else _HELLO, more=not head_only)

    async def send(self, frame: Frame) -> None:
        """Put a frame on the wire."""
        event = self._encoder.event(frame)
        with self._measures.sending(frame):
            await self._write(_RETRY + event if frame.type == "ready" else event)

    async def close(self, why: Closing) -> None:
        """Say why, and when to come back, and end."""
        last = self._encoder.event(error_frame(why.code, why.message))
        if why.retry_after is not None:
            last = b"retry: %d\n" % round(why.retry_after * 1000) + last
        await self._write(last, more=False)

    def dropped(self, frames: int) -> None:
        """Frames are given up; the client resumes."""
        self._measures.dropped(frames)

    def abort(self) -> None:
        """End what waits for the client to go, and the connection with it."""
        if self._task is not None:
            self._task.cancel()

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


class EventStreamEndpoint:
    """`GET /notification/stream` (ASGI)."""

    def __init__(self, hub: Hub, callers: Callers, encoder: Encoder) -> None:
        self._hub = hub
        self._callers = callers
        self._encoder = encoder
        self._measures = Measures("sse")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream.

        Raises, before it begins, Unauthenticated, PermissionDenied, InvalidArgument,
        ResourceExhausted, Unavailable.
        """
        principal = await self._callers.identify(scope)
        self._callers.check_origin(scope)
        after_seq = _last_seen(scope)
        stream = EventStream(send, self._encoder, self._measures)
        if scope["method"] == "HEAD":
            await stream.start(head_only=True)
            return
        connection = self._hub.attach(principal, stream)
        async with present(self._hub, connection, self._measures):
            await stream.start(head_only=False)
            connection.opened()
            connection.resume(after_seq)
            while (await receive())["type"] != "http.disconnect":
                pass


def _last_seen(scope: Scope) -> int | None:
    """The seq to go on after: of the header that a browser sends when it comes back, else of the
    query, for the first time; both have to be good. Raises InvalidArgument.
    """
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    first = _seq("after_seq", query.get("after_seq"))
    again = _seq("Last-Event-ID", header(scope, b"last-event-id"))
    return first if again is None else again


def _seq(name: str, text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise InvalidArgument(violations=[FieldViolation(name, "must be a seq")])
    return int(text)
