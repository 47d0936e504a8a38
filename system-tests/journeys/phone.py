"""A live connection as an app holds it: it knows the last seq that it has seen."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from journeys.asyncapi import check_frame
from journeys.client import API, PATIENCE_SECONDS, Client, Json

PROTOCOL: Final = Subprotocol("pinstack.v1")
_COUNTED: Final = ("notification", "withdrawn")


class Phone:
    """A live connection; it checks that no seq is missing, doubled or out of order.

    `seq` is the last one seen; a phone that is opened without goes on from now. Every frame must be
    as AsyncAPI says, unless `checks_frames` is off.
    """

    def __init__(self, gateway: str, client: Client, seq: int | None = None) -> None:
        self.gateway = gateway
        self.seq = seq
        self.ready: Json = {}
        self.checks_frames = True
        self._client = client
        self._socket: ClientConnection | None = None
        self._held: deque[Json] = deque()

    async def open(self) -> None:
        """Connect with the token in a header field, and resume."""
        fields = {"authorization": f"Bearer {self._client.token}"}
        await self.connect(headers=fields)
        await self.resume()

    async def connect(
        self,
        query: str = "",
        *,
        headers: dict[str, str] | None = None,
        protocols: Sequence[str] = (),
    ) -> None:
        """Connect in whatever way, and say nothing yet."""
        self._socket = await connect(
            self.gateway.replace("http", "ws", 1) + f"{API}/notification/ws{query}",
            additional_headers=headers,
            subprotocols=[PROTOCOL, *map(Subprotocol, protocols)],
            proxy=None,
        )
        assert self._socket.subprotocol == PROTOCOL

    async def resume(self) -> None:
        """Say what was seen last, and wait for `ready`."""
        after = {} if self.seq is None else {"after_seq": self.seq}
        await self.send({"type": "resume", **after})
        self.ready = await self.frame("ready")
        if self.seq is None:
            self.seq = self.ready["seq"]

    async def close(self) -> None:
        """Go offline."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def move(self, gateway: str) -> None:
        """Go offline, and come back through another gateway."""
        await self.close()
        self.gateway = gateway
        await self.open()

    async def send(self, frame: Json) -> None:
        """Say something to the server."""
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    async def notification(self, kind: str | None = None) -> Json:
        """The next notification with the unread count of its frame; `kind` is what is due."""
        frame = await self.frame("notification")
        data: Json = frame["data"]
        assert kind in (None, data["type"]), f"{data['type']} where {kind} was due"
        assert data["seq"] == frame["seq"]
        return {**data, "unread": frame["unread"]}

    async def frame(self, kind: str, *, patience: float | None = PATIENCE_SECONDS) -> Json:
        """The next frame of a kind; others before it are kept for later, pings are left out."""
        for held in self._held:
            if held["type"] == kind:
                self._held.remove(held)
                return held
        async with asyncio.timeout(patience):
            while (frame := await self._receive())["type"] != kind:
                if frame["type"] != "ping":
                    self._held.append(frame)
        return frame

    async def rest(self) -> list[Json]:
        """Everything else that the server has sent so far, without waiting for more."""
        await self.send({"type": "ping"})
        await self.frame("pong")
        rest = list(self._held)
        self._held.clear()
        return rest

    async def closed(self) -> int:
        """The code with which the server closes the connection; 1006 where it just breaks off."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    self._held.append(await self._receive())
                except ConnectionClosed as end:
                    return end.rcvd.code if end.rcvd else 1006

    async def _receive(self) -> Json:
        assert self._socket is not None
        frame: Json = json.loads(await self._socket.recv())
        if self.checks_frames:
            check_frame(frame)
        if frame["type"] in _COUNTED and "seq" in frame and self.seq is not None:
            assert frame["seq"] == self.seq + 1, f"after {self.seq} came {frame['seq']}"
            self.seq = frame["seq"]
        return frame
