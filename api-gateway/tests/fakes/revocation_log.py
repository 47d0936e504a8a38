"""A log of revocations in memory that breaks when it is told to."""

import asyncio
from collections.abc import AsyncIterator

from service_kit.errors import Unavailable

from api_gateway.application.ports import CaughtUp, Heartbeat, LoggedRevocation
from api_gateway.domain.principal import Revoked


class InMemoryRevocationLog:
    """Keeps revocations in order; remembers after which id each reader began, and
    how many it `refused`."""

    def __init__(self) -> None:
        self.entries: list[LoggedRevocation] = []
        self.opened_after: list[int] = []
        self.away = False
        self.refused = 0
        self._beats = 0
        self._changed = asyncio.Event()

    def add(self, revoked: Revoked) -> None:
        """Log a revocation."""
        self.entries.append(LoggedRevocation(len(self.entries) + 1, revoked))
        self._changed.set()

    def beat(self) -> None:
        """Say to all streams that the log is still there."""
        self._beats += 1
        self._changed.set()

    def break_off(self) -> None:
        """End all streams, and refuse new ones until `away` is false again."""
        self.away = True
        self._changed.set()

    async def follow(self, after_id: int) -> AsyncIterator[LoggedRevocation | CaughtUp | Heartbeat]:
        self.opened_after.append(after_id)
        sent, beats = after_id, self._beats
        first = True
        while True:
            if self.away:
                self.refused += 1
                raise Unavailable
            self._changed.clear()
            for entry in self.entries[sent:]:
                sent = entry.id
                yield entry
            if first:
                yield CaughtUp(sent)
                first = False
            if beats != self._beats:
                beats = self._beats
                yield Heartbeat()
            await self._changed.wait()
