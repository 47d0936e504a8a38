"""What was put on the wire of which connection, told to whoever keeps it, a moment later."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol

from service_kit.errors import AppError

from api_gateway.domain.explanation import Delivery

LONGEST_RUN: Final = 1000
"""Notifications in one delivery, as notification-service takes them."""

_RUN_SECONDS: Final = 0.1
_EVERY_SECONDS: Final = 1.0
_AT_ONCE: Final = 2000
_MOST_WAITING: Final = 20_000
_FAREWELL_SECONDS: Final = 1.0


class DeliveryLog(Protocol):
    """Who keeps what was put on the wire."""

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        """Keep it. Raises Unavailable, DeadlineExceeded."""
        ...


class Nowhere:
    """Keeps nothing."""

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        """Forget it."""


class Receiver:
    """A connection, as the log names it, and the last run of notifications that went to it."""

    __slots__ = ("carrier", "connection_id", "run", "session_id", "user_id")

    def __init__(self, user_id: int, session_id: str, connection_id: int, carrier: str) -> None:
        self.user_id = user_id
        self.session_id = session_id
        self.connection_id = connection_id
        self.carrier = carrier
        self.run: Run | None = None


class Run:
    """Notifications that went to a connection one after the other; times are Unix seconds."""

    __slots__ = ("began", "ended", "first_seq", "last_seq", "receiver")

    def __init__(self, receiver: Receiver, seq: int, now: float) -> None:
        self.receiver = receiver
        self.first_seq = self.last_seq = seq
        self.began = self.ended = now

    def delivery(self) -> Delivery:
        """The same for the log."""
        to = self.receiver
        return Delivery(
            *(to.user_id, self.first_seq, self.last_seq),
            *(to.connection_id, to.session_id, to.carrier),
            datetime.fromtimestamp(self.ended, UTC),
        )


class Deliveries:
    """Collects what is sent, and tells it every second: best effort, in bounded memory.

    To note a frame costs no more than a look at the clock. What is too much, and what nobody takes,
    is dropped: frames never wait for it.
    """

    def __init__(self, log: DeliveryLog, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._runs: deque[Run] = deque()

    def sent(self, to: Receiver, seq: int) -> None:
        """A notification is on the wire."""
        now, run = self._clock(), to.run
        if (
            run is not None
            and seq == run.last_seq + 1
            and now - run.began < _RUN_SECONDS
            and seq - run.first_seq < LONGEST_RUN
        ):
            run.last_seq, run.ended = seq, now
        elif len(self._runs) < _MOST_WAITING:
            to.run = Run(to, seq, now)
            self._runs.append(to.run)
        else:
            to.run = None

    async def run(self) -> None:
        """Tell it for ever, and what is left at the end."""
        try:
            while True:
                await asyncio.sleep(_EVERY_SECONDS)
                await self.flush(self._clock() - _RUN_SECONDS)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await self.flush(self._clock())

    async def flush(self, before: float) -> None:
        """Tell some of the runs that began before a time, and so are over."""
        some = [run.delivery() for run in self._taken(before)]
        if some:
            with suppress(AppError):
                await self._log.note(some)

    def _taken(self, before: float) -> Iterator[Run]:
        for _ in range(_AT_ONCE):
            if not self._runs or self._runs[0].began > before:
                return
            run = self._runs.popleft()
            if run.receiver.run is run:
                run.receiver.run = None  # nothing is added to what is told
            yield run
