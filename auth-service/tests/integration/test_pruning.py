"""The running service forgets what has had its day."""

from collections.abc import AsyncIterator

import pytest
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.testing import eventually

from auth_service.config import Settings
from tests.integration import calls
from tests.integration.conftest import replica_of

PRUNED_WITHIN_SECONDS = 20


@pytest.fixture(scope="module")
async def eager(settings: Settings) -> AsyncIterator[AuthServiceStub]:
    """A replica that prunes all the time."""
    async with replica_of(settings.model_copy(update={"prune_seconds": 0.1})) as made:
        yield made


@pytest.fixture(scope="module")
async def database(settings: Settings) -> AsyncIterator[Database]:
    url = settings.database_url.get_secret_value()
    async with open_database(url, PostgresSettings(), "test") as opened:
        yield opened


async def test_expired_sessions_tokens_and_audit_events_go_and_living_ones_stay(
    eager: AuthServiceStub, database: Database
) -> None:
    living, expired = [await calls.register(eager, name) for name in ("peggy", "quentin")]
    for sql in (
        "UPDATE sessions SET expires_at = now() - interval '2 days' WHERE user_id = $1",
        "UPDATE refresh_tokens SET expires_at = now() - interval '2 days' WHERE session_id IN"
        " (SELECT id FROM sessions WHERE user_id = $1)",
        "UPDATE auth_events SET occurred_at = now() - interval '200 days' WHERE user_id = $1",
    ):
        await database.fetch("age", sql, expired.user_id)

    async def left(user_id: int) -> list[int]:
        return [
            len(await database.fetch("left", f"SELECT FROM {table} WHERE user_id = $1", user_id))
            for table in ("sessions", "auth_events")
        ]

    async def is_gone() -> bool:
        return await left(expired.user_id) == [0, 0]

    await eventually(is_gone, PRUNED_WITHIN_SECONDS)
    assert await left(living.user_id) == [1, 1]
    tokens = await database.fetch("left", "SELECT FROM refresh_tokens")
    assert len(tokens) == 1
    assert (await calls.refresh(eager, living.refresh_token)).user_id == living.user_id
