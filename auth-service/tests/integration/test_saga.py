"""Crashes in the middle of a registration, on real storage; the running service cleans up."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit.config import GrpcSettings, PostgresSettings
from service_kit.database import Database, open_database
from service_kit.errors import DeadlineExceeded, Unavailable
from service_kit.grpc_client import open_channel
from service_kit.testing import eventually

from auth_service.adapters.postgres.registrations import PostgresRegistrations
from auth_service.adapters.postgres.units import PostgresUnits
from auth_service.adapters.user_client import GrpcUsers
from auth_service.application.registration import Registering
from auth_service.application.units import UnitOfWork
from auth_service.domain.models import MadeUser, Profile, Registration
from tests.builders import CLIENT, account
from tests.fakes import InMemoryUsers, ProcessDies
from tests.integration import calls
from tests.user_service import SERVICE
from tests.world import World

STEPS = ("registration begun", "user made", "credential stored", "finished")


class MortalRegistrations(PostgresRegistrations):
    """Dies when a registration was begun."""

    def __init__(self, database: Database, lease: timedelta, step: str) -> None:
        super().__init__(database, lease)
        self._step = step

    async def begin(self, registration: Registration) -> Registration:
        begun = await super().begin(registration)
        _die(self._step, "registration begun")
        return begun


class MortalUsers(GrpcUsers):
    """Dies when the user was made."""

    def __init__(self, stub: UserServiceStub, step: str) -> None:
        super().__init__(stub)
        self._step = step

    async def create(self, profile: Profile, idempotency_key: str) -> MadeUser:
        made = await super().create(profile, idempotency_key)
        _die(self._step, "user made")
        return made


class MortalUnits(PostgresUnits):
    """Dies before or after the commit."""

    def __init__(self, database: Database, step: str) -> None:
        super().__init__(database)
        self._step = step

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with super().begin() as unit:
            yield unit
            _die(self._step, "credential stored")
        _die(self._step, "finished")


def _die(at: str, step: str) -> None:
    if at == step:
        raise ProcessDies(step)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture(scope="module")
async def user_stub(user_address: str) -> AsyncIterator[UserServiceStub]:
    async with open_channel(user_address, SERVICE, GrpcSettings()) as channel:
        yield UserServiceStub(channel)


@pytest.fixture
def mortal(database: Database, user_stub: UserServiceStub) -> Callable[[str], Registering]:
    """A process that dies after a step."""

    def make(step: str) -> Registering:
        return replace(
            World().registering,
            users=MortalUsers(user_stub, step),
            registrations=MortalRegistrations(database, timedelta(seconds=0.5), step),
            units=MortalUnits(database, step),
        )

    return make


async def _is_settled(database: Database) -> bool:
    sql = "SELECT FROM registrations WHERE state <> 'finished'"
    return await database.fetch_row("unsettled", sql) is None


async def _accounts(database: Database, users: InMemoryUsers, name: str) -> tuple[int, int]:
    """How many users have a name, and how many of them have a password."""
    ids = [user_id for user_id, known in users.by_id.items() if known.username == name]
    sql = "SELECT FROM credentials WHERE user_id = ANY($1::bigint[])"
    return len(ids), len(await database.fetch("credentials", sql, ids))


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_after_any_step_leaves_a_complete_account(
    stub: AuthServiceStub,
    database: Database,
    users: InMemoryUsers,
    mortal: Callable[[str], Registering],
    step: str,
) -> None:
    name = step.replace(" ", "_")
    with pytest.raises(ProcessDies):
        await mortal(step).register(account(name), CLIENT)
    await eventually(lambda: _is_settled(database), 20)
    assert await _accounts(database, users, name) == (1, 1)


async def test_what_the_client_was_told_has_failed_leaves_none(
    stub: AuthServiceStub, database: Database, users: InMemoryUsers
) -> None:
    def answer_is_lost(step: str) -> None:
        if step == "after create":
            users.fault = lambda _step: None
            raise Unavailable

    users.fault = answer_is_lost
    with pytest.raises(Unavailable):
        await calls.register(stub, "lost")
    assert await _accounts(database, users, "lost") == (1, 0)
    await eventually(lambda: _is_settled(database), 20)
    assert await _accounts(database, users, "lost") == (0, 0)
    assert (await calls.register(stub, "lost")).user_id


async def test_a_client_that_hangs_up_leaves_all_or_nothing(
    stub: AuthServiceStub, database: Database, users: InMemoryUsers
) -> None:
    gone = []
    for milliseconds in range(1, 25):
        try:
            name = f"gone{milliseconds}"
            await stub.Register(calls.registration(name), timeout=milliseconds / 1000)
        except DeadlineExceeded:
            gone.append(name)
    assert gone
    await eventually(lambda: _is_settled(database), 20)
    for name in gone:
        made, with_password = await _accounts(database, users, name)
        assert made == with_password


async def test_what_user_service_can_not_do_now_is_done_when_it_is_back(
    stub: AuthServiceStub,
    database: Database,
    users: InMemoryUsers,
    mortal: Callable[[str], Registering],
) -> None:
    def away(_step: str) -> None:
        raise Unavailable

    with pytest.raises(ProcessDies):
        await mortal("registration begun").register(account("patient"), CLIENT)
    users.fault = away
    claimed = "SELECT FROM registrations WHERE leased_until > created_at + interval '1 second'"
    await eventually(lambda: _finds(database, claimed), 20)
    assert await _accounts(database, users, "patient") == (0, 0)
    users.fault = lambda _step: None
    await eventually(lambda: _is_settled(database), 20)
    assert await _accounts(database, users, "patient") == (1, 1)


async def _finds(database: Database, sql: str) -> bool:
    return await database.fetch_row("found", sql) is not None
