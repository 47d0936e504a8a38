"""What only PostgreSQL shows: order, notifications, locks, pruning, the audit trail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import pytest
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.errors import AppError
from service_kit.testing import eventually
from structlog.testing import capture_logs

from auth_service.adapters.postgres.leftovers import PostgresLeftovers
from auth_service.adapters.postgres.registrations import PostgresRegistrations
from auth_service.adapters.postgres.revocations import POLL_SECONDS, PostgresRevocations
from auth_service.adapters.postgres.units import PostgresUnits
from auth_service.application.units import UnitOfWork
from auth_service.application.use_cases import Accounts
from auth_service.domain.errors import AccountNotFound
from auth_service.domain.events import AuthEvent, Kind
from auth_service.domain.models import Grant, PresentedToken, Role
from tests.builders import CLIENT, LIVES, registration

LEASE = timedelta(minutes=1)
LONG = timedelta(hours=1)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture(scope="module")
def units(database: Database) -> PostgresUnits:
    return PostgresUnits(database)


@asynccontextmanager
async def _listening(database: Database, url: str) -> AsyncIterator[PostgresRevocations]:
    """The revocations as another replica hears of them."""
    revocations = PostgresRevocations(database, url)
    task = asyncio.create_task(revocations.listen())
    try:
        yield revocations
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _account(database: Database, units: PostgresUnits, user_id: int) -> None:
    begun = await PostgresRegistrations(database, LEASE).begin(registration(f"user{user_id}"))
    async with units.begin() as unit:
        await unit.accounts.complete(begun.id, user_id)


async def _sign_in(units: PostgresUnits, user_id: int, digest: bytes) -> Grant:
    async with units.begin() as unit:
        grant = await unit.sessions.open(user_id, None, CLIENT, digest, LIVES)
    assert grant is not None
    return grant


async def test_whoever_waits_hears_of_a_revocation_well_before_it_would_look(
    database: Database, units: PostgresUnits, database_url: str
) -> None:
    async with _listening(database, database_url) as revocations:
        await eventually(lambda: _has_connection(database))
        mark = await revocations.wait(0)
        assert mark is not None
        waiting = asyncio.create_task(revocations.wait(mark))
        async with units.begin() as unit:
            await unit.sessions.revoke_users([7])
        async with asyncio.timeout(0.5):
            assert await waiting == mark + 1


async def _has_connection(database: Database) -> bool:
    sql = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query = $1"
    return await database.fetch_row("listeners", sql, 'LISTEN "revocations"') is not None


async def test_those_who_wait_are_let_go_when_the_feed_is_closed(
    database: Database, database_url: str
) -> None:
    revocations = PostgresRevocations(database, database_url)
    waiting = [asyncio.create_task(revocations.wait(0)) for _ in range(3)]
    await asyncio.sleep(0)
    revocations.close()
    assert await asyncio.gather(*waiting) == [None, None, None]
    assert await revocations.wait(0) is None


async def test_without_a_notification_one_looks_every_second(
    database: Database, database_url: str
) -> None:
    revocations = PostgresRevocations(database, database_url)
    assert POLL_SECONDS < 1
    async with asyncio.timeout(20):
        assert await revocations.wait(0) == 0


async def test_revocations_are_committed_in_the_order_of_their_ids(
    database: Database, units: PostgresUnits, database_url: str
) -> None:
    begin = await PostgresRevocations(database, database_url).newest_id()
    async with units.begin() as first:
        await first.sessions.revoke_users([1001])
        second = asyncio.create_task(_revoke(units, 1002))
        await eventually(lambda: _somebody_waits(database))
        assert not second.done()
    await second
    seen = await PostgresRevocations(database, database_url).after(begin, LONG)
    assert [revocation.user_id for revocation in seen] == [1001, 1002]


async def _revoke(units: PostgresUnits, user_id: int) -> None:
    async with units.begin() as unit:
        await unit.sessions.revoke_users([user_id])


async def _somebody_waits(database: Database) -> bool:
    sql = """
        SELECT FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()
    """
    return await database.fetch_row("waiting", sql) is not None


class _SlowUnits:
    """Units of work that have done all but their commit until they may."""

    def __init__(self, units: PostgresUnits) -> None:
        self._units = units
        self.worked, self.may_commit = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with self._units.begin() as unit:
            yield unit
            self.worked.set()
            await self.may_commit.wait()


async def test_a_refresh_while_a_role_is_withdrawn_has_it_no_more(
    database: Database, units: PostgresUnits
) -> None:
    await _account(database, units, 1003)
    await Accounts(units).set_role(1003, Role.ADMIN, granted=True)
    await _sign_in(units, 1003, b"an admin's")
    slow = _SlowUnits(units)
    withdrawing = asyncio.create_task(Accounts(slow).set_role(1003, Role.ADMIN, granted=False))
    await slow.worked.wait()
    presenting = asyncio.create_task(_present(units, b"an admin's"))
    await eventually(lambda: _somebody_waits(database))
    slow.may_commit.set()
    token = await presenting
    assert await withdrawing == (Role.USER,)
    assert token is not None
    assert token.grant.roles == (Role.USER,)


async def _present(units: PostgresUnits, digest: bytes) -> PresentedToken | None:
    async with units.begin() as unit:
        return await unit.sessions.present(digest)


async def test_everything_at_once_on_one_account_never_deadlocks(
    database: Database, units: PostgresUnits
) -> None:
    for round_ in range(5):
        user_id = 2000 + round_
        await _account(database, units, user_id)
        digests = [f"{round_} {number}".encode() for number in range(6)]
        grants = [await _sign_in(units, user_id, digest) for digest in digests]
        await asyncio.gather(
            *(_refresh(units, digest) for digest in digests * 2),
            *(_end(units, user_id, grant.session_id) for grant in grants[:3]),
            _change_password(units, user_id),
            _withdraw(units, user_id),
            Accounts(units).end_sessions(user_id),
            _remove(units, user_id),
        )
        async with units.begin() as unit:
            assert await unit.sessions.present(digests[0]) is None


async def _refresh(units: PostgresUnits, digest: bytes) -> None:
    async with units.begin() as unit:
        token = await unit.sessions.present(digest)
        if token is not None and token.rotated_at is None:
            await unit.sessions.rotate(token, digest, digest + b" next", LIVES)


async def _end(units: PostgresUnits, user_id: int, session_id: UUID) -> None:
    async with units.begin() as unit:
        await unit.sessions.end(user_id, session_id)


async def _change_password(units: PostgresUnits, user_id: int) -> None:
    async with units.begin() as unit:
        await unit.accounts.change_password(user_id, 1, "p1:another")
        await unit.sessions.end_all(user_id)


async def _withdraw(units: PostgresUnits, user_id: int) -> None:
    with suppress(AccountNotFound):
        await Accounts(units).set_role(user_id, Role.ADMIN, granted=False)


async def _remove(units: PostgresUnits, user_id: int) -> None:
    async with units.begin() as unit:
        await unit.accounts.remove([user_id])
        await unit.sessions.revoke_users([user_id])


async def test_an_event_is_in_the_audit_trail_and_in_the_log_or_in_neither(
    database: Database, units: PostgresUnits
) -> None:
    sql = "SELECT kind, client_address, device FROM auth_events WHERE user_id = 3000"
    with capture_logs() as lines:
        async with units.begin() as unit:
            await unit.record(AuthEvent(Kind.LOGGED_IN, 3000, client=CLIENT))
        with pytest.raises(AppError):
            await _record_and_fail(units)
    rows = await database.fetch("events", sql)
    assert [tuple(row) for row in rows] == [("logged_in", "192.0.2.1", "a browser")]
    assert [(line["event"], line["kind"], line["user_id"]) for line in lines] == [
        ("auth event", "logged_in", 3000)
    ]


async def _record_and_fail(units: PostgresUnits) -> None:
    async with units.begin() as unit:
        await unit.record(AuthEvent(Kind.LOGGED_OUT, 3000))
        raise AppError


_AGE = {
    "refresh_tokens": "expires_at",
    "revocations": "revoked_at",
    "auth_events": "occurred_at",
    "registrations": "created_at",
    "guesses": "free_at",
    "inbox": "received_at",
    "signing_keys": "not_after",
}


async def test_only_what_has_had_its_day_is_pruned(
    database: Database, units: PostgresUnits
) -> None:
    await database.fetch(
        "empty",
        "TRUNCATE auth_events, guesses, signing_keys, revocations, refresh_tokens, sessions,"
        " registrations, credentials, inbox",
    )
    leftovers = PostgresLeftovers(database, timedelta(days=90), timedelta(days=30))
    await _account(database, units, 7)
    living, dead = await _sign_in(units, 7, b"living"), await _sign_in(units, 7, b"dead")
    async with units.begin() as unit:
        await unit.sessions.end(7, dead.session_id)
        await unit.record(AuthEvent(Kind.LOGGED_OUT, 7))
    assert await leftovers.prune() == 0
    await database.fetch("age", "UPDATE sessions SET revoked_at = revoked_at - interval '2 days'")
    await database.fetch("age", "UPDATE auth_events SET occurred_at = now() - interval '91 days'")
    assert await leftovers.prune() == 2
    rows = await database.fetch("left", "SELECT id FROM sessions")
    assert [row["id"] for row in rows] == [living.session_id]
    rows = await database.fetch("left", "SELECT digest FROM refresh_tokens")
    assert [row["digest"] for row in rows] == [b"living"]
    assert await database.fetch("left", "SELECT FROM registrations") != []


@pytest.mark.parametrize("table", sorted(_AGE))
async def test_old_rows_of_every_table_go(
    database: Database, units: PostgresUnits, table: str
) -> None:
    await _one_of_each(database)
    sql = f"UPDATE {table} SET {_AGE[table]} = now() - interval '200 days'"  # noqa: S608
    await database.fetch("age", sql)
    await PostgresLeftovers(database, timedelta(days=90), timedelta(days=30)).prune()
    left = len(await database.fetch("left", f"SELECT FROM {table}"))
    assert left == (1 if table == "revocations" else 0)  # the newest one tells which log it is


async def _one_of_each(database: Database) -> None:
    for sql in (
        "TRUNCATE auth_events, guesses, signing_keys, revocations, refresh_tokens, sessions,"
        " registrations, credentials, inbox",
        "INSERT INTO credentials (user_id, password_hash) VALUES (7, 'p1:x')",
        "INSERT INTO sessions SELECT gen_random_uuid(), 7, '', '', now(), now(), now() + '1 day'",
        "INSERT INTO refresh_tokens SELECT 'x', id, now() + '1 day' FROM sessions",
        "INSERT INTO revocations (user_id, revoked_at) VALUES (7, now()), (8, now())",
        "INSERT INTO auth_events (kind) VALUES ('logged_in')",
        "INSERT INTO registrations (id, username, email, state, user_id, leased_until)"
        " VALUES (gen_random_uuid(), 'a', 'b', 'finished', 7, now())",
        "INSERT INTO guesses VALUES ('x', now() + '1 hour')",
        "INSERT INTO inbox (consumer, event_id) VALUES ('x', gen_random_uuid())",
        "INSERT INTO signing_keys VALUES ('x', 'ES256', '{}', '', now(), now() + '1 hour')",
    ):
        await database.fetch("one of each", sql)


async def test_pruning_goes_on_until_all_is_gone(database: Database) -> None:
    await _one_of_each(database)
    many = """
        INSERT INTO sessions
        SELECT gen_random_uuid(), 7, '', '', now(), now(), now() - interval '2 days'
        FROM generate_series(1, 120)
    """
    await database.fetch("many", many)
    assert await PostgresLeftovers(database, timedelta(days=90), timedelta(days=30)).prune() == 120
