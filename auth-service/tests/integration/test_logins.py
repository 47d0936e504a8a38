"""Logging in and changing the password at the running service."""

import asyncio
from contextlib import suppress

import pytest
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from prometheus_client import REGISTRY
from service_kit import errors
from service_kit.config import PostgresSettings
from service_kit.database import open_database

from auth_service.config import HashSettings, LoginSettings, RateLimitSettings, Settings
from tests.builders import cheap_hashes
from tests.fakes import InMemoryUsers
from tests.integration import calls
from tests.integration.calls import PASSWORD
from tests.integration.conftest import replica_of

INVALID = "invalid credentials: wrong password or user not found"


async def test_one_logs_in_by_name_and_by_e_mail(stub: AuthServiceStub) -> None:
    pair = await calls.register(stub, "heidi")
    for login in ("heidi", "HEIDI", "Heidi@example.com"):
        assert (await calls.login(stub, login)).user_id == pair.user_id


async def test_ten_wrong_passwords_are_all_told_the_same(stub: AuthServiceStub) -> None:
    await calls.register(stub, "ivan")
    for login in ["ivan", "nobody", "nobody@example.com", *["ivan"] * 10]:
        with pytest.raises(errors.Unauthenticated) as refused:
            await calls.login(stub, login, "wrong password")
        assert (refused.value.message, refused.value.code) == (INVALID, "INVALID_CREDENTIALS")


async def test_a_flood_of_wrong_passwords_is_slowed_and_locks_nobody_else_out(
    stub: AuthServiceStub,
) -> None:
    await calls.register(stub, "judy")
    limit = LoginSettings().attempts
    for _ in range(limit):
        with pytest.raises(errors.Unauthenticated):
            await calls.login(stub, "judy", "wrong password", "203.0.113.9")
    with pytest.raises(errors.ResourceExhausted) as refused:
        await calls.login(stub, "judy", PASSWORD, "203.0.113.9")
    assert refused.value.code == "TOO_MANY_ATTEMPTS"
    assert refused.value.retry_after
    await calls.login(stub, "judy")


async def test_an_attack_from_everywhere_does_not_lock_the_owner_out(settings: Settings) -> None:
    few = LoginSettings(account_attempts=10, account_attempt_seconds=3600, attempts_under_attack=2)
    async with replica_of(settings.model_copy(update={"login": few})) as stub:
        await calls.register(stub, "olivia")
        for number in range(12):
            with pytest.raises(errors.Unauthenticated):
                await calls.login(stub, "olivia", "wrong password", f"198.51.100.{number}")
        for _ in range(2):
            with pytest.raises(errors.Unauthenticated):
                await calls.login(stub, "olivia", "wrong password", "203.0.113.77")
        with pytest.raises(errors.ResourceExhausted):
            await calls.login(stub, "olivia", "wrong password", "203.0.113.77")
        assert (await calls.login(stub, "olivia", address="192.0.2.200")).user_id


async def test_nothing_is_slowed_where_limits_are_off(settings: Settings) -> None:
    unlimited = settings.model_copy(update={"rate_limit": RateLimitSettings(enabled=False)})
    async with replica_of(unlimited) as stub:
        for _ in range(LoginSettings().attempts + 5):
            with pytest.raises(errors.Unauthenticated):
                await calls.login(stub, "nobody in particular", "wrong password", "203.0.113.10")


@pytest.mark.parametrize(
    ("login", "password", "field"),
    [("", PASSWORD, "login"), ("x" * 255, PASSWORD, "login"), ("a\0", PASSWORD, "login")],
)
async def test_what_can_be_no_login_is_invalid(
    stub: AuthServiceStub, login: str, password: str, field: str
) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        await calls.login(stub, login, password)
    assert [violation.field for violation in refused.value.violations] == [field]


async def test_without_user_service_a_login_is_unavailable(
    stub: AuthServiceStub, users: InMemoryUsers
) -> None:
    def away(_step: str) -> None:
        raise errors.Unavailable

    users.fault = away
    with pytest.raises(errors.Unavailable):
        await calls.login(stub, "ann")


async def test_a_hash_of_old_parameters_is_renewed(settings: Settings) -> None:
    async with replica_of(settings) as stub:
        pair = await calls.register(stub, "kim")
    stronger = settings.model_copy(update={"hashing": cheap_hashes(memory_kib=16)})
    url = settings.database_url.get_secret_value()
    async with replica_of(stronger) as stub, open_database(url, PostgresSettings(), "test") as db:
        await calls.login(stub, "kim")
        await calls.login(stub, "kim")
        sql = "SELECT password_hash FROM credentials WHERE user_id = $1"
        row = await db.fetch_row("hash", sql, pair.user_id)
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$v=19$m=16,t=1,p=1$")


async def test_a_new_password_replaces_the_old_one_and_ends_the_other_sessions(
    stub: AuthServiceStub,
) -> None:
    kept = await calls.register(stub, "leo")
    other = await calls.login(stub, "leo")
    session_id = str((await calls.claims(stub, kept.access_token))["sid"])
    request = auth_pb2.UpdatePasswordRequest(
        id=kept.user_id,
        old_password=PASSWORD,
        new_password="another secret",
        keep_session_id=session_id,
    )
    await stub.UpdatePassword(request)
    assert [session.id for session in await calls.sessions(stub, kept.user_id)] == [session_id]
    await calls.refresh(stub, kept.refresh_token)
    with pytest.raises(errors.Unauthenticated):
        await calls.refresh(stub, other.refresh_token)
    with pytest.raises(errors.Unauthenticated, match=r"^invalid credentials$") as refused:
        await stub.UpdatePassword(request)
    assert refused.value.code == "INVALID_CREDENTIALS"
    assert (await calls.login(stub, "leo", "another secret")).user_id == kept.user_id


async def test_a_new_password_keeps_the_rules(stub: AuthServiceStub) -> None:
    pair = await calls.register(stub, "mallory")
    for new in ("short12", "qwertyuiop", "Mallory@example.com"):
        with pytest.raises(errors.InvalidArgument) as refused:
            await stub.UpdatePassword(
                auth_pb2.UpdatePasswordRequest(
                    id=pair.user_id, old_password=PASSWORD, new_password=new
                )
            )
        assert [violation.field for violation in refused.value.violations] == ["new_password"]


async def test_a_flood_of_logins_is_refused_fast_beyond_the_queue(settings: Settings) -> None:
    narrow = HashSettings(threads=1, queue=1)
    async with replica_of(settings.model_copy(update={"hashing": narrow})) as stub:
        answers = await asyncio.gather(
            *(calls.login(stub, f"flood{number}", "wrong password") for number in range(40)),
            return_exceptions=True,
        )
    refused = [answer for answer in answers if isinstance(answer, errors.Unavailable)]
    checked = [answer for answer in answers if isinstance(answer, errors.Unauthenticated)]
    assert len(refused) + len(checked) == 40
    assert checked
    assert {(error.code, error.retry_after) for error in refused} == {("OVERLOADED", 1.0)}


@pytest.mark.parametrize("login", ["nina", "nobody", "nina@example.com", "nobody@example.com"])
async def test_each_way_to_fail_hashes_exactly_once(stub: AuthServiceStub, login: str) -> None:
    """Hashing is nearly all of the time that a login takes; how long is for benchmarks to say."""
    with suppress(errors.AlreadyExists):
        await calls.register(stub, "nina")
    before = hashes()
    with pytest.raises(errors.Unauthenticated):
        await calls.login(stub, login, "wrong password")
    assert hashes() == before + 1


def hashes() -> float:
    """How many passwords were hashed so far."""
    return REGISTRY.get_sample_value("pinstack_password_hashes_total") or 0
