"""A request body that is passed on while it comes, and never held whole."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.types import Receive

from api_gateway.adapters.http.errors import BodyTooLarge, BodyTooSlow, InvalidInput
from api_gateway.adapters.http.json_body import take_rest


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """The most bytes of a body, and the most seconds until the next of them."""

    most_bytes: int
    idle_seconds: float


class ClientGone(InvalidInput):
    """The client hung up in the middle of its body."""


class BodyStream:
    """The argument of a handler that reads the body itself."""

    def __init__(self, receive: Receive, limits: StreamLimits, *, waits: bool = False) -> None:
        """A client that `waits` to be told to go on sends nothing before it is read."""
        self._receive = receive
        self._limits = limits
        self._waits = waits
        self._is_over = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes as they come. Raises BodyTooLarge, BodyTooSlow and ClientGone."""
        taken = 0
        while not self._is_over:
            chunk = await self._next()
            taken += len(chunk)
            if taken > self._limits.most_bytes:
                raise BodyTooLarge
            if chunk:
                yield chunk

    async def _next(self) -> bytes:
        self._waits = False
        try:
            async with asyncio.timeout(self._limits.idle_seconds):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if message["type"] == "http.disconnect":
            self._is_over = True
            raise ClientGone
        self._is_over = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk

    async def leave(self) -> bool:
        """Take what still comes, within bounds, so that the answer reaches a client that writes.

        Whether there was anything to take: then the connection is of no use any more.
        """
        if self._is_over:
            return False
        self._is_over = True
        if not self._waits:
            await take_rest(self._receive)
        return True
