"""All live connections of a process, and what happens in the inboxes of their users."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence

from service_kit.errors import AppError

from api_gateway.application.live import closing
from api_gateway.application.live.catch_up import CatchUp
from api_gateway.application.live.channel import Channel
from api_gateway.application.live.closing import Full, Restarting, TooManyConnections
from api_gateway.application.live.connection import Connection, Surroundings
from api_gateway.application.live.deliveries import Deliveries, DeliveryLog, Nowhere
from api_gateway.application.live.inbox import Happening
from api_gateway.application.live.limits import Limits
from api_gateway.application.live.ports import Carrier, Inboxes, Source
from api_gateway.application.live.timers import Timers
from api_gateway.application.ports import Revocations
from api_gateway.domain.principal import Principal, Revoked

_AT_ONCE = 200
"""Timers, or closes, between two turns of the event loop: some milliseconds of work."""

_RECONCILE_PARTS = 30
_REWATCH_SECONDS = 0.5


class Hub:
    """Who is connected.

    The first connection of a user subscribes to the inbox at every source, the last one that goes
    unsubscribes. `run()` must run while connections are open.
    """

    def __init__(
        self,
        inboxes: Inboxes,
        sources: Sequence[Source],
        revocations: Revocations,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        noticed: Callable[[int], None] = lambda _: None,
        log: DeliveryLog | None = None,
    ) -> None:
        """`noticed` is called with each user here before whose connections are told something.

        What is put on the wire goes to the `log`.
        """
        self._noticed = noticed
        deliveries = Deliveries(log or Nowhere(), clock)
        self._around = Surroundings(limits or Limits(), Timers(), clock, monotonic, deliveries)
        self._catch_up = CatchUp(inboxes, self._around)
        self._sources = sources
        self._revocations = revocations
        self._channels: dict[int, Channel] = {}
        self._draining = False
        self._count = 0
        self._nobody = asyncio.Event()
        self._nobody.set()

    def attach(self, principal: Principal, carrier: Carrier) -> Connection:
        """A connection of `principal`; revocations reach it from here on.

        Raises TooManyConnections, Full, Restarting.
        """
        self._admit(principal.user_id)
        channel = self._channels.get(principal.user_id)
        if channel is None:
            channel = Channel(principal.user_id, self._catch_up)
            self._channels[channel.user_id] = channel
            for source in self._sources:
                source.subscribe([channel.user_id])
        connection = Connection(principal, carrier, self._around, channel)
        channel.connections.append(connection)
        self._count += 1
        self._nobody.clear()
        return connection

    async def detach(self, connection: Connection) -> None:
        """The carrier of a connection has ended."""
        channel = self._channels[connection.principal.user_id]
        channel.connections.remove(connection)
        self._count -= 1
        if not channel.connections:
            del self._channels[channel.user_id]
            for source in self._sources:
                source.unsubscribe([channel.user_id])
        if not self._count:
            self._nobody.set()
        await connection.finish()

    def user_ids(self) -> Iterable[int]:
        """Who is connected."""
        return list(self._channels)

    def happened(self, source: Source, what: Happening) -> None:
        """Tell the connections of whom it concerns."""
        channel = self._channels.get(what.user_id)
        if channel is not None:
            self._noticed(what.user_id)
            channel.happened(source, what)

    def lost(self, source: Source) -> None:
        """A source is away; connections stay open, and are told the rest when it is back."""
        for channel in self._channels.values():
            channel.lost(source)

    def revoked(self, what: Revoked) -> None:
        """Close the connections whose token is void."""
        channel = self._channels.get(what.user_id)
        for connection in channel.connections if channel else ():
            if what.covers(connection.principal):
                connection.close(closing.TOKEN_REVOKED)

    async def run(self) -> None:
        """Serve connections for ever."""
        async with asyncio.TaskGroup() as tasks:
            for source in self._sources:
                tasks.create_task(source.run(self))
            tasks.create_task(self._catch_up.run())
            tasks.create_task(self._around.deliveries.run())
            tasks.create_task(self._tick())
            tasks.create_task(self._reconcile())
            tasks.create_task(self._watch_revocations())

    async def close(self) -> None:
        """Send every client away, to come back elsewhere; returns when they are gone."""
        self._draining = True
        connections = [one for every in self._channels.values() for one in every.connections]
        for number, connection in enumerate(connections, start=1):
            connection.close(closing.restarting(self._jitter()))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        try:
            async with asyncio.timeout(self._around.limits.closing_seconds):
                await self._nobody.wait()
        except TimeoutError:
            for connection in connections:
                connection.abort()

    def _admit(self, user_id: int) -> None:
        if self._draining:
            raise Restarting(retry_after=self._jitter())
        channel = self._channels.get(user_id)
        if channel and len(channel.connections) >= self._around.limits.connections_per_user:
            raise TooManyConnections
        if self._count >= self._around.limits.connections:
            raise Full(retry_after=closing.TRY_LATER.retry_after)

    def _jitter(self) -> float:
        """Seconds: so many that those who come back are about a thousand a second."""
        return random.uniform(0.1, 1.0 + self._count / 1000)  # noqa: S311

    async def _tick(self) -> None:
        while True:
            more = self._around.timers.run_due(self._around.monotonic(), _AT_ONCE)
            await asyncio.sleep(0 if more else self._around.limits.tick_seconds)

    async def _reconcile(self) -> None:
        """Ask where every inbox stands, a part at a time: the answer shows what was lost unseen."""
        while True:
            users = list(self._channels)
            size = -(-len(users) // _RECONCILE_PARTS)
            for part in range(_RECONCILE_PARTS):
                await asyncio.sleep(self._around.limits.reconcile_seconds / _RECONCILE_PARTS)
                again = [one for one in users[part * size :][:size] if one in self._channels]
                if again:
                    random.choice(self._sources).confirm(again)  # noqa: S311

    async def _watch_revocations(self) -> None:
        while True:
            try:
                async with self._revocations.watch() as revocations:
                    async for what in revocations:
                        self.revoked(what)
            except AppError:
                pass  # auth-service is away; who watches it says so
            await asyncio.sleep(_REWATCH_SECONDS)
