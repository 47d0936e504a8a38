"""The bounded queue of one connection, and the task that empties it while there is something."""

import asyncio
from collections.abc import Callable, Iterable

from api_gateway.application.live.closing import Closing
from api_gateway.application.live.frames import Frame
from api_gateway.application.live.ports import Carrier


class Outgoing:
    """What a client is still to be sent.

    An idle connection has no task here: a queued frame starts one, which ends with the queue.
    """

    __slots__ = (
        "_carrier",
        "_delivered",
        "_drained",
        "_limit",
        "_open",
        "_queue",
        "_sending",
        "_writer",
        "closing",
        "sent",
    )

    def __init__(
        self,
        carrier: Carrier,
        limit: int,
        drained: Callable[[], None],
        delivered: Callable[[int], None],
    ) -> None:
        self.closing: Closing | None = None
        self.sent = 0
        self._carrier = carrier
        self._limit = limit
        self._drained = drained
        self._delivered = delivered
        self._queue: list[Frame] = []
        self._open = False
        self._sending = 0
        self._writer: asyncio.Task[None] | None = None

    def has_room(self, frames: int) -> bool:
        """Whether so many more may wait."""
        return len(self._queue) + self._sending + frames <= self._limit

    @property
    def busy(self) -> bool:
        """Whether something is being sent now."""
        return self._sending > 0

    def opened(self) -> None:
        """The carrier takes frames from now on."""
        self._open = True
        self._wake()

    def offer(self, frames: Iterable[Frame]) -> bool:
        """Queue frames; False where there are more than the limit."""
        for frame in frames:
            if not self.has_room(1):
                return False
            self._queue.append(frame)
        self._wake()
        return True

    def close(self, why: Closing) -> None:
        """Close after the frame that is being sent; the others are dropped, the client resumes."""
        self.closing = why
        self._carrier.dropped(len(self._queue) + max(0, self._sending - 1))
        self._queue.clear()
        self._wake()

    def abort(self) -> None:
        """Send nothing any more, not even what is being sent."""
        if self._writer is not None:
            self._writer.cancel()
        self._carrier.abort()

    async def finish(self) -> None:
        """The carrier has ended; returns when the writer has, too."""
        self._open = False
        self._queue.clear()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])

    def _wake(self) -> None:
        if self._writer is None and self._open and (self._queue or self.closing is not None):
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._queue and self.closing is None:
                batch, self._queue = self._queue, []
                await self._send(batch)
            if self.closing is not None:
                await self._carrier.close(self.closing)
                self._open = False
        except OSError:
            self._open = False  # the client is gone: the carrier sees that too, and ends
        finally:
            self._writer, self._sending = None, 0
        if self._open:
            self._drained()

    async def _send(self, batch: list[Frame]) -> None:
        self._sending = len(batch)
        for frame in batch:
            if self.closing is not None:
                return
            await self._carrier.send(frame)
            self.sent += 1
            if frame.type == "notification" and frame.seq is not None:
                self._delivered(frame.seq)
            self._sending -= 1
