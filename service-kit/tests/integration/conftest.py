"""A database with an empty outbox, and topics of each test's own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1) as pool:
        await pool.execute("TRUNCATE outbox, inbox")
        yield pool


@pytest.fixture
def topic() -> str:
    return f"events-{uuid4().hex[:8]}"
