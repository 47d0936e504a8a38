"""Registering at the running service, and what it leaves behind: counts, and no secrets."""

import asyncio

import pytest
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from prometheus_client import REGISTRY
from service_kit import errors
from service_kit.config import PostgresSettings
from service_kit.database import open_database
from structlog.testing import capture_logs

from auth_service.config import Settings
from tests.fakes import InMemoryUsers
from tests.integration import calls
from tests.integration.calls import PASSWORD
from tests.integration.conftest import SECRET

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
