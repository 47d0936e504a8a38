"""The relay: publishes the outbox of one database, from one replica at a time."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import asyncpg
from service_kit import logs, metrics
from service_kit.backoff import Backoff, Delays
from service_kit.contention import Contention
from service_kit.database import BY_INDEX, Connection
from service_kit.events.publisher import Publisher
from service_kit.events.topics import TOPIC_KEPT
from service_kit.outbox import table
from service_kit.outbox.lanes import Delivery, Lanes, Place

_LOCK: Final = 0x6F757462  # "outb": advisory locks are per database, as outboxes are
_CHANNEL: Final = "outbox"
_WINDOW: Final = 1000
_COMMAND_SECONDS: Final = 10.0
_FAREWELL_SECONDS: Final = 2.0
_PRUNE_SECONDS: Final = 60.0
_AT_ONCE: Final = timedelta(0)
_UNHURRIED: Final = 2.5
"""Times the pace, where processors are scarcest; see `Contention`."""
_REST: Final = 10.0
"""Times the last look, before the next one past rows that all wait for Kafka: it reads them all."""

_DATABASE_AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that died in the middle of a statement
    OSError,
    TimeoutError,
)


class Relay:
    """Sends what is unsent in the outbox at `url`, and stamps it when Kafka has acknowledged it.

    What has been sent is kept for `keep_sent`, since a restore of a backup sends again what was on
    its way then; with no time at all, rows go at the acknowledgement, which costs a third.
    The first record after a quiet moment is read at once, the next ones `pace_seconds` after the
    last look, later where processors are scarce: while much is written, one look, one stamp and
    one batch do for many.

    Every replica of a service runs one. The one that holds the advisory lock works; its lock lives
    on the connection that it reads and stamps with, so that whoever loses the one loses the other.
    `url` must lead to PostgreSQL itself: a transaction pooler would break the lock and LISTEN.
    Topics that are missing are made, with `partitions` and `replication`, and keep events for
    `topic_kept`.
    """

    def __init__(
        self,
        url: str,
        bootstrap: str,
        service: str,
        *,
        partitions: int = 6,
        replication: int = 1,
        topic_kept: timedelta = TOPIC_KEPT,
        poll_seconds: float = 1.0,
        pace_seconds: float = 0.01,
        keep_sent: timedelta = timedelta(days=1),
        delays: Delays | None = None,
    ) -> None:
        self._url = url
        self._bootstrap = bootstrap
        self._service = service
        self._partitions = partitions
        self._replication = replication
        self._topic_kept = topic_kept
        self._poll_seconds = poll_seconds
        self._pace_seconds = pace_seconds
        self._keep_sent = keep_sent
        self._keeps = keep_sent > _AT_ONCE
        self._delays = delays or Delays()
        self._woken = asyncio.Event()
        self._contention = Contention()
        self._may_look_at = 0.0
        self._acknowledged: list[int] = []
        self._prune_due = 0.0
        self._survey_due = 0.0
        self._log = logs.get(__name__)
        self.leading = False
        """Whether this replica holds the lock."""
        metrics.from_zero(metrics.OUTBOX_PUBLISHED, [service], ["sent", "failed"])

    def wake(self) -> None:
        """Say that records were committed. Cheap; call it after every commit that appended some."""
        self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled; a database or a broker that is away is waited for."""
        reconnect: Backoff[str] = Backoff(Delays(0.1, 5.0))
        while True:
            try:
                async with self._connected() as connection:
                    reconnect.succeeded(self._service)
                    await self._follow(connection)
                    await self._lead(connection)
            except _DATABASE_AWAY as error:
                delay = reconnect.failed(self._service)
                reason = f"{type(error).__name__}: {error}"
                self._log.warning("outbox database is away", reason=reason, retry_in=delay)
                await asyncio.sleep(delay)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        connection = await asyncpg.connect(
            self._url,
            timeout=_COMMAND_SECONDS,
            command_timeout=_COMMAND_SECONDS,
            server_settings={
                "application_name": f"{self._service} outbox",
                # A stamp that a crash takes back is a record sent twice, which is allowed; a flush
                # for each one would hold back the next.
                "synchronous_commit": "off",
                **BY_INDEX,
                # The server lets go of the lock of a replica whose machine is gone.
                "tcp_keepalives_idle": "5",
                "tcp_keepalives_interval": "2",
                "tcp_keepalives_count": "3",
            },
        )
        try:
            yield connection
        finally:
            self.leading = False
            connection.terminate()

    async def _follow(self, connection: Connection) -> None:
        """Pass wake-ups on to the replica that holds the lock, until it is ours."""
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            metrics.OUTBOX_UNSENT.labels(self._service).set(0)
            metrics.OUTBOX_OLDEST.labels(self._service).set(0)
            if await self._is_woken(self._poll_seconds):
                self._look()
                await connection.execute("SELECT pg_notify($1, '')", _CHANNEL)

    async def _is_woken(self, seconds: float) -> bool:
        """Wait for a wake-up, and then until it is time to look again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        await asyncio.sleep(self._may_look_at - time.monotonic())
        return self._woken.is_set()

    def _look(self) -> None:
        """What wakes the relay from here on asks for another look."""
        self._woken.clear()
        pace = self._contention.between(self._pace_seconds, self._pace_seconds * _UNHURRIED)
        self._may_look_at = time.monotonic() + pace

    async def _lead(self, connection: Connection) -> None:
        self.leading = True
        self._log.info("outbox relay leads")
        await connection.add_listener(_CHANNEL, lambda *_: self._woken.set())
        publisher = Publisher(
            self._bootstrap,
            f"{self._service}-outbox",
            partitions=self._partitions,
            replication=self._replication,
            kept=self._topic_kept,
        )
        lanes = Lanes(publisher, self._service, self._delays, self._woken.set)
        self._acknowledged.clear()
        try:
            while True:
                self._look()
                await self._keep_house(connection)
                if not await self._turn(connection, lanes):
                    await self._is_woken(min(self._poll_seconds, lanes.soonest() or math.inf))
        except asyncio.CancelledError:
            await self._take_leave(connection, lanes)
            raise
        finally:
            await lanes.cancel()
            await publisher.close()

    async def _turn(self, connection: Connection, lanes: Lanes) -> bool:
        """Stamp what is acknowledged and fill the free lanes; whether to go on at once."""
        await self._collect(connection, lanes)
        held, begun = lanes.held_back(), time.monotonic()
        rows = await table.advance(connection, self._acknowledged, held, _WINDOW, keep=self._keeps)
        self._settle()
        started = lanes.admit(rows)
        if held.topics and not rows and not lanes.sending():
            self._rest(begun, lanes)
        if len(rows) < _WINDOW:
            return False
        self._may_look_at = 0.0  # a backlog: as fast as batches are acknowledged
        return not started

    def _rest(self, begun: float, lanes: Lanes) -> None:
        """However much waits for Kafka, a tenth of the time goes to what may lie behind it."""
        now = time.monotonic()
        rest = min(_REST * (now - begun), self._poll_seconds, lanes.soonest() or math.inf)
        self._may_look_at = max(self._may_look_at, now + rest)

    async def _collect(self, connection: Connection, lanes: Lanes) -> None:
        """Take the batches that are over from their lanes."""
        deliveries = lanes.finished()
        self._acknowledged += [row.id for each in deliveries.values() for row in each.sent]
        lanes.release(deliveries)
        if refused := dict(_refusals(deliveries)):
            await table.refuse(connection, refused)
            metrics.OUTBOX_PUBLISHED.labels(self._service, "failed").inc(len(refused))

    def _settle(self) -> None:
        metrics.OUTBOX_PUBLISHED.labels(self._service, "sent").inc(len(self._acknowledged))
        self._acknowledged.clear()

    async def _take_leave(self, connection: Connection, lanes: Lanes) -> None:
        """Stamp what is acknowledged within a moment: less for the next replica to send again."""
        if running := lanes.running():
            await asyncio.wait(running, timeout=_FAREWELL_SECONDS)
        with contextlib.suppress(*_DATABASE_AWAY):
            await self._collect(connection, lanes)
            await table.settle(connection, self._acknowledged, keep=self._keeps)
            self._settle()

    async def _keep_house(self, connection: Connection) -> None:
        """Measure the backlog every poll and prune every minute, a chunk at a time."""
        now = time.monotonic()
        if now >= self._survey_due:
            self._survey_due = now + self._poll_seconds
            found = await table.backlog(connection)
            metrics.OUTBOX_UNSENT.labels(self._service).set(found.unsent)
            metrics.OUTBOX_OLDEST.labels(self._service).set(found.oldest)
        if now >= self._prune_due:
            self._prune_due = now + _PRUNE_SECONDS  # even if it fails: publishing goes first
            if await table.prune(connection, self._keep_sent, _WINDOW) == _WINDOW:
                self._prune_due = now


def _refusals(deliveries: dict[Place, Delivery]) -> Iterator[tuple[int, str]]:
    for delivery in deliveries.values():
        for row, reason in delivery.refused:
            yield row.id, reason
