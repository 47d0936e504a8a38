"""PostgreSQL through asyncpg: the pool, transactions, and how long statements took."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from service_kit import logs, metrics, tracing
from service_kit.config import PostgresSettings
from service_kit.errors import AppError, DeadlineExceeded, Unavailable

if TYPE_CHECKING:
    Connection = (
        asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    )
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

Row = asyncpg.Record

BY_INDEX: Final[Mapping[str, str]] = MappingProxyType(
    {"enable_seqscan": "off", "enable_bitmapscan": "off"}
)
"""For who takes work from tables. What is done leaves dead rows there until the next vacuum: an
index scan marks those that it has met and passes over them from then on, other scans visit all of
them each time. And a plan made while a table was empty, which reads all of it, is kept until the
table is analyzed.
"""

_SPAN = {"db.system.name": "postgresql"}

_AWAY = (
    asyncpg.exceptions.ConnectionDoesNotExistError,
    asyncpg.exceptions.InterfaceError,
    # A connection that was told of the server's end, and whose socket is not closed yet.
    asyncpg.exceptions.InternalClientError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.CrashShutdownError,
    asyncpg.exceptions.TooManyConnectionsError,
    OSError,
    TimeoutError,
)


class DatabaseUnavailable(Unavailable):
    """The database can't be reached, or gives no connection in time."""

    code = "DATABASE_UNAVAILABLE"


class DatabaseTooSlow(DeadlineExceeded):
    """A statement took longer than a statement may."""

    code = "DATABASE_TIMEOUT"


class Database:
    """A pool of connections to one database, whose failures are `DatabaseUnavailable`."""

    def __init__(self, pool: Pool, service: str, acquire_timeout: float) -> None:
        self.pool = pool
        self._service = service
        self._acquire_timeout = acquire_timeout

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for statements that need no transaction of their own."""
        try:
            async with self.pool.acquire(timeout=self._acquire_timeout) as connection:
                yield connection
        except asyncpg.QueryCanceledError as error:
            raise DatabaseTooSlow from error
        except _AWAY as error:
            raise DatabaseUnavailable from error

    @asynccontextmanager
    async def transaction(self, *, of_one_statement: bool = False) -> AsyncIterator[Connection]:
        """A transaction: committed on a clean exit, rolled back on any exception.

        One `of_one_statement` saves two of three round trips: it is committed when that one is.
        """
        committed = False
        try:
            with tracing.step("sql transaction", attributes=_SPAN):
                async with self.connection() as connection:
                    async with nullcontext() if of_one_statement else connection.transaction():
                        yield connection
                    committed = True
        finally:
            outcome = "committed" if committed else "rolled_back"
            metrics.DB_TRANSACTIONS.labels(self._service, outcome).inc()

    async def fetch(self, query: str, sql: str, *arguments: object) -> list[Row]:
        """All rows of a statement; `query` names it in the metrics."""
        async with self.connection() as connection:
            rows: list[Row] = await self.timed(query, connection.fetch, sql, *arguments)
            return rows

    async def fetch_row(self, query: str, sql: str, *arguments: object) -> Row | None:
        """The first row of a statement, or None."""
        async with self.connection() as connection:
            row: Row | None = await self.timed(query, connection.fetchrow, sql, *arguments)
            return row

    async def timed(self, query: str, run: Callable[..., Any], sql: str, *arguments: object) -> Any:
        """Run a connection's method on a statement, measured and traced under the name `query`."""
        started = time.perf_counter()
        try:
            with tracing.step(f"sql {query}", attributes=_SPAN):
                return await run(sql, *arguments)
        finally:
            metrics.DB_QUERY_DURATION.labels(self._service, query).observe(
                time.perf_counter() - started, tracing.exemplar()
            )

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises `DatabaseUnavailable`."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1")


@asynccontextmanager
async def open_database(
    url: str,
    settings: PostgresSettings,
    service: str,
    session: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Database]:
    """The database at `url` (postgresql://role:password@host:port/name) while the block runs.

    `session` has settings of PostgreSQL for its connections. A server that is away is waited for: a
    service that starts before its database is not an error.
    """
    pool = await _connect(url, settings, service, session)
    try:
        with _measured(pool, service):
            yield Database(pool, service, settings.acquire_timeout_seconds)
    finally:
        await pool.close()


@contextmanager
def _measured(pool: Pool, service: str) -> Iterator[None]:
    """Have the pool counted whenever somebody asks, above all while all of it is in use."""
    states = {
        "used": lambda: pool.get_size() - pool.get_idle_size(),
        "idle": pool.get_idle_size,
        "unopened": lambda: pool.get_max_size() - pool.get_size(),
    }
    for state, count in states.items():
        metrics.DB_POOL_CONNECTIONS.labels(service, state).set_function(count)
    metrics.from_zero(metrics.DB_TRANSACTIONS, [service], ["committed", "rolled_back"])
    try:
        yield
    finally:
        for state in states:
            metrics.DB_POOL_CONNECTIONS.labels(service, state).set_function(float)


async def _connect(
    url: str, settings: PostgresSettings, service: str, session: Mapping[str, str]
) -> Pool:
    pause = 0.1
    while True:
        try:
            return await _create_pool(url, settings, service, session)
        except _AWAY as error:
            reason = type(error).__name__
            logs.get(__name__).warning("database is away", reason=reason, retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


async def _create_pool(
    url: str, settings: PostgresSettings, service: str, session: Mapping[str, str]
) -> Pool:
    milliseconds = str(int(settings.statement_timeout_seconds * 1000))
    return await asyncpg.create_pool(
        url,
        min_size=settings.pool_min,
        max_size=settings.pool_max,
        command_timeout=settings.statement_timeout_seconds + 1,
        reset=_leave_session,
        server_settings={
            "application_name": service,
            "statement_timeout": milliseconds,
            "idle_in_transaction_session_timeout": "30000",
            **session,
        },
    )


async def _leave_session(_connection: object) -> None:
    """Do without asyncpg's statement after each use, which doubles the round trips of a read.

    It would undo SET, LISTEN, cursors and session locks, which nobody uses on connections of a
    pool; what is open of a transaction is rolled back all the same, before this is called.
    """


@contextmanager
def refusals(meanings: Mapping[str, type[AppError]]) -> Iterator[None]:
    """Translate a violated constraint, by its name, into the error that it means."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        meaning = meanings.get(error.constraint_name or "")
        if meaning is None:
            raise
        raise meaning from error


def existing(row: Row | None) -> Row:
    """A row that the statement's own logic guarantees."""
    if row is None:
        raise LookupError("a statement that returns a row returned none")
    return row


def columns(rows: Iterable[Sequence[object]], count: int) -> tuple[list[object], ...]:
    """Rows turned into `count` columns, as `unnest` takes them."""
    turned: tuple[list[object], ...] = tuple([] for _ in range(count))
    for row in rows:
        for column, value in zip(turned, row, strict=True):
            column.append(value)
    return turned
