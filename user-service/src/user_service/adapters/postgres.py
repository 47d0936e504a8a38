"""Users in PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final

from service_kit import pages
from service_kit.database import Connection, Database, Row, existing, refusals
from service_kit.estimates import Estimates
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import Emit, unit_of_work

from user_service.application.ports import UnitOfWork
from user_service.domain.errors import EmailTaken, UsernameTaken
from user_service.domain.events import Event
from user_service.domain.models import NewUser, ProfileChange, User, UserPage

_COLUMNS: Final = "id, username, email, full_name, bio, avatar_url, created_at, updated_at"
_MEANINGS: Final = {"users_username_key": UsernameTaken, "users_email_key": EmailTaken}

_INSERT: Final = """
INSERT INTO users (username, email, full_name, bio, avatar_url, idempotency_key)
VALUES ($1, $2, $3, $4, $5, $6)
"""
# Any conflict, not that of keys alone: of two at once with one key, the later may meet the name of
# the earlier before its key.
_ADD: Final = f"{_INSERT} ON CONFLICT DO NOTHING RETURNING {_COLUMNS}"
_ADD_OR_REFUSE: Final = f"{_INSERT} RETURNING {_COLUMNS}"
_BY_KEY: Final = f"SELECT {_COLUMNS} FROM users WHERE idempotency_key = $1"  # noqa: S608
# `updated_at` is the version of a profile, so that it grows even where the clock does not.
_CHANGE: Final = f"""
UPDATE users SET
    username = coalesce($2, username),
    email = coalesce($3, email),
    full_name = nullif(coalesce($4, full_name), ''),
    bio = nullif(coalesce($5, bio), ''),
    avatar_url = nullif(coalesce($6, avatar_url), ''),
    updated_at = greatest(statement_timestamp(), updated_at + interval '1 microsecond')
WHERE id = $1
RETURNING {_COLUMNS}
"""  # noqa: S608
_MATCHES: Final = "(lower(username) LIKE lower($1) OR lower(full_name) LIKE lower($1))"
_MATCHES_EMAIL: Final = f"({_MATCHES} OR lower(email) LIKE lower($1))"
_Counted = tuple[str, tuple[object, ...]]
"""What follows FROM where a list is counted, and its arguments."""


class PostgresUsers:
    """The users of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._estimates = Estimates()

    async def get(self, user_id: int) -> User | None:
        return await self._one("user_by_id", "id = $1", user_id)

    async def get_many(self, user_ids: Sequence[int]) -> list[User]:
        sql = f"SELECT {_COLUMNS} FROM users WHERE id = ANY($1::bigint[])"  # noqa: S608
        rows = await self._database.fetch("users_by_ids", sql, user_ids)
        return [user_from_row(row) for row in rows]

    async def by_username(self, username: str) -> User | None:
        return await self._one("user_by_username", "lower(username) = lower($1)", username)

    async def by_email(self, email: str) -> User | None:
        return await self._one("user_by_email", "lower(email) = lower($1)", email)

    async def search(self, query: str, *, with_email: bool, offset: int, limit: int) -> UserPage:
        source = f"users WHERE {_MATCHES_EMAIL if with_email else _MATCHES}"
        page = f"{source} ORDER BY id OFFSET $2 LIMIT $3"
        pattern = _contains(query)
        arguments = (pattern, offset, limit + 1)
        counted = (source, (pattern,))
        return await self._page("users_search", page, arguments, limit=limit, counted=counted)

    async def after(self, user_id: int, limit: int) -> UserPage:
        page = "users WHERE id > $1 ORDER BY id LIMIT $2"
        arguments = (user_id, limit + 1)
        return await self._page("users_after", page, arguments, limit=limit, counted=("users", ()))

    async def _page(
        self, query: str, page: str, arguments: Sequence[object], *, limit: int, counted: _Counted
    ) -> UserPage:
        """A page out of rows of which there is one more where the list goes on."""
        sql = f"SELECT {_COLUMNS} FROM {page}"  # noqa: S608
        async with self._database.connection() as connection:
            rows = await self._database.timed(query, connection.fetch, sql, *arguments)
            total = self._estimates.get(counted) or self._estimates.keep(
                counted, await pages.count(connection, *counted)
            )
        users = tuple(user_from_row(row) for row in rows[:limit])
        return UserPage(users, len(rows) > limit, total.value, total.is_estimate)

    async def _one(self, query: str, condition: str, value: object) -> User | None:
        sql = f"SELECT {_COLUMNS} FROM users WHERE {condition}"  # noqa: S608
        row = await self._database.fetch_row(query, sql, value)
        return None if row is None else user_from_row(row)


Changing = Callable[[Sequence[int], Sequence[Event]], AbstractAsyncContextManager[None]]
"""What goes on around a transaction that may change some users and announces some events."""


class PostgresUnits:
    """Units of work over one database; `to_record` says how an event is put into the outbox.

    `changing` is entered before the transaction, with the ids of the users that it may change and
    with what is to take its events, and left after its end, also where that may not have been a
    commit: where a caller goes away in the middle of one, nobody knows.
    """

    def __init__(
        self,
        database: Database,
        to_record: Callable[[Event], OutboxRecord],
        wake: Callable[[], None],
        changing: Changing = lambda _ids, _events: nullcontext(),
    ) -> None:
        self._database = database
        self._to_record = to_record
        self._wake = wake
        self._changing = changing

    @asynccontextmanager
    async def begin(self, *user_ids: int) -> AsyncIterator[UnitOfWork]:
        events: list[Event] = []
        async with (
            self._changing(user_ids, events),
            unit_of_work(self._database, self._wake) as (connection, emit),
        ):
            yield PostgresUnit(connection, emit, self._to_record, events)


class PostgresUnit:
    """One transaction on users; `events` takes what is announced in it."""

    def __init__(
        self,
        connection: Connection,
        emit: Emit,
        to_record: Callable[[Event], OutboxRecord],
        events: list[Event],
    ) -> None:
        self._connection = connection
        self._emit = emit
        self._to_record = to_record
        self._events = events

    async def add(self, user: NewUser, idempotency_key: str | None) -> tuple[User, bool]:
        profile = (user.username, user.email, user.full_name, user.bio, user.avatar_url)
        values = (*profile, idempotency_key)
        row = await self._connection.fetchrow(_ADD, *values)
        if row is not None:
            return user_from_row(row), True
        # What was in the way is committed by now, with its key.
        earlier = await self._connection.fetchrow(_BY_KEY, idempotency_key)
        if earlier is not None:
            return user_from_row(earlier), False
        with refusals(_MEANINGS):
            row = await self._connection.fetchrow(_ADD_OR_REFUSE, *values)
        return user_from_row(existing(row)), True

    async def lock(self, user_id: int) -> User | None:
        sql = f"SELECT {_COLUMNS} FROM users WHERE id = $1 FOR UPDATE"  # noqa: S608
        row = await self._connection.fetchrow(sql, user_id)
        return None if row is None else user_from_row(row)

    async def change(self, user_id: int, change: ProfileChange) -> User:
        values = (change.username, change.email, change.full_name, change.bio, change.avatar_url)
        with refusals(_MEANINGS):
            row = await self._connection.fetchrow(_CHANGE, user_id, *values)
        return user_from_row(existing(row))

    async def remove(self, user_id: int) -> User | None:
        sql = f"DELETE FROM users WHERE id = $1 RETURNING {_COLUMNS}"  # noqa: S608
        row = await self._connection.fetchrow(sql, user_id)
        return None if row is None else user_from_row(row)

    def emit(self, event: Event) -> None:
        self._events.append(event)
        self._emit(self._to_record(event))


def user_from_row(row: Row) -> User:
    """A row of `users` as a user."""
    return User(**row)


def _contains(text: str) -> str:
    r"""A LIKE pattern that finds `text` as it is: `%`, `_` and `\` have no meaning."""
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
