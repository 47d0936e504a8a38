"""Registering, logging in and changing the password at the running service."""

import asyncio
import statistics
import time

import pytest
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from prometheus_client import REGISTRY
from service_kit import errors
from service_kit.config import PostgresSettings
from service_kit.database import open_database
from structlog.testing import capture_logs

from auth_service.config import HashSettings, LoginSettings, RateLimitSettings, Settings
from tests.builders import cheap_hashes
from tests.fakes import InMemoryUsers
from tests.integration import calls
from tests.integration.calls import PASSWORD
from tests.integration.conftest import SECRET, replica_of

INVALID = "invalid credentials: wrong password or user not found"


async def test_registering_signs_in(stub: AuthServiceStub, users: InMemoryUsers) -> None:
    request = calls.registration("ann")
    request.full_name, request.bio = "Ann", "Hello"
    request.avatar_url = "https://example.com/ann.png"
    pair = await stub.Register(request)
    profile = users.by_id[pair.user_id]
    assert (profile.full_name, profile.bio) == ("Ann", "Hello")
    assert profile.avatar_url == "https://example.com/ann.png"
    claims = await calls.claims(stub, pair.access_token)
    [session] = await calls.sessions(stub, pair.user_id)
    assert (claims["sub"], claims["sid"]) == (str(pair.user_id), session.id)
    assert claims["roles"] == ["user"]
    assert (session.device, session.client_address) == ("a browser", "192.0.2.1")
    assert pair.expires_in == 900


async def test_an_account_is_made_without_signing_in(stub: AuthServiceStub) -> None:
    request = auth_pb2.CreateAccountRequest(
        username="bob", email="bob@example.com", password=PASSWORD, idempotency_key="bob's"
    )
    answer = await stub.CreateAccount(request)
    assert (await stub.CreateAccount(request)).user_id == answer.user_id
    assert await calls.sessions(stub, answer.user_id) == []
    assert (await calls.login(stub, "bob")).user_id == answer.user_id


@pytest.mark.parametrize(
    ("name", "email", "told"),
    [
        ("Carol", "other@example.com", ("username already exists", "USERNAME_TAKEN")),
        ("other", "CAROL@example.com", ("email already exists", "EMAIL_TAKEN")),
    ],
)
async def test_what_user_service_refuses_passes_unchanged(
    stub: AuthServiceStub, users: InMemoryUsers, name: str, email: str, told: tuple[str, str]
) -> None:
    if "carol" not in {profile.username for profile in users.by_id.values()}:
        await calls.register(stub, "carol")
    request = calls.registration(name)
    request.email = email
    with pytest.raises(errors.AlreadyExists) as refused:
        await stub.Register(request)
    assert (refused.value.message, refused.value.code) == told


async def test_an_invalid_profile_passes_as_invalid(stub: AuthServiceStub) -> None:
    with pytest.raises(errors.InvalidArgument):
        await calls.register(stub, "not a name!")


@pytest.mark.parametrize("password", ["short12", "p" * 129, "Password123", "dave@example.com"])
async def test_a_weak_password_is_refused_by_field(stub: AuthServiceStub, password: str) -> None:
    with pytest.raises(errors.InvalidArgument, match="validation failed") as refused:
        await stub.Register(calls.registration("dave", password))
    assert [violation.field for violation in refused.value.violations] == ["password"]
    assert refused.value.code == "VALIDATION_FAILED"


async def test_a_key_resumes_and_a_reused_one_is_refused(stub: AuthServiceStub) -> None:
    first = await stub.Register(calls.registration("erin", key="erin's"))
    again = await stub.Register(calls.registration("erin", key="erin's"))
    assert again.user_id == first.user_id
    with pytest.raises(errors.AlreadyExists) as refused:
        await stub.Register(calls.registration("frank", key="erin's"))
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_many_at_once_with_one_key_are_one_account(
    stub: AuthServiceStub, users: InMemoryUsers
) -> None:
    request = calls.registration("grace", key="grace's")
    pairs = await asyncio.gather(*(stub.Register(request) for _ in range(10)))
    assert len({pair.user_id for pair in pairs}) == 1
    assert [item.username for item in users.by_id.values()].count("grace") == 1


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


async def test_unknown_account_and_wrong_password_take_the_same_time(settings: Settings) -> None:
    slow = settings.model_copy(
        update={"hashing": HashSettings(), "rate_limit": RateLimitSettings(enabled=False)}
    )
    async with replica_of(slow) as stub:
        await calls.register(stub, "nina")
        times: dict[str, list[float]] = {"nina": [], "nobody": []}
        for _ in range(60):
            for login, taken in times.items():
                started = time.perf_counter()
                with pytest.raises(errors.Unauthenticated):
                    await calls.login(stub, login, "wrong password")
                taken.append(time.perf_counter() - started)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert abs(known - unknown) < 0.2 * max(known, unknown)


async def test_how_registrations_and_logins_end_is_counted(stub: AuthServiceStub) -> None:
    def counted() -> list[float]:
        return [
            REGISTRY.get_sample_value(f"pinstack_{name}_total", {"outcome": outcome}) or 0.0
            for name, outcome in (
                ("registrations", "succeeded"),
                ("registrations", "already_exists"),
                ("logins", "succeeded"),
                ("logins", "unauthenticated"),
            )
        ]

    before = counted()
    await calls.register(stub, "olivia")
    with pytest.raises(errors.AlreadyExists):
        await calls.register(stub, "olivia")
    await calls.login(stub, "olivia")
    with pytest.raises(errors.Unauthenticated):
        await calls.login(stub, "olivia", "wrong password")
    assert [after - earlier for after, earlier in zip(counted(), before, strict=True)] == [1.0] * 4


async def test_no_secret_is_stored_or_logged_as_it_is(
    stub: AuthServiceStub, settings: Settings
) -> None:
    secrets = {"a most secret password", "another secret password", SECRET}
    with capture_logs() as lines:
        pair = await stub.Register(calls.registration("peggy", "a most secret password", "peggy"))
        following = await calls.refresh(stub, pair.refresh_token)
        for one in (pair, following):
            secrets |= {one.access_token, one.refresh_token}
        with pytest.raises(errors.Unauthenticated):
            await calls.login(stub, "peggy", "another secret password")
    assert {line["kind"] for line in lines} >= {"registered", "refreshed", "login_failed"}
    shown = repr(lines) + await _dump(settings) + repr(settings)
    assert [secret for secret in secrets if secret in shown] == []


async def _dump(settings: Settings) -> str:
    url = settings.database_url.get_secret_value()
    async with open_database(url, PostgresSettings(), "test") as database:
        tables = await database.fetch(
            "tables", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        rows = [
            row["row"]
            for table in tables
            for row in await database.fetch(
                "dump",
                f"SELECT t::text AS row FROM {table['tablename']} AS t",  # noqa: S608
            )
        ]
    assert any("peggy" in row for row in rows)
    return "\n".join(rows)
