"""No list and no look-up reads all users, at 100,000 of them."""

from typing import Final

import pytest
from service_kit.testing.plans import explained

from user_service.adapters.postgres import PostgresUsers

_USERS: Final = """
    INSERT INTO users (username, email, full_name)
    SELECT 'person' || n, 'person' || n || '@example.com', 'Somebody Number ' || md5(n::text)
    FROM generate_series(1, 100000) AS n
"""


async def test_users_are_found_by_their_indexes(database_url: str) -> None:
    async with explained(database_url, _USERS) as database:
        users = PostgresUsers(database)
        assert await users.get(500) is not None
        assert len(await users.get_many(range(1, 101))) == 100
        assert await users.by_username("Person77") is not None
        assert await users.by_email("person77@EXAMPLE.com") is not None
        assert len((await users.after(90_000, 20)).users) == 20
        database.assert_indexed()


async def test_a_search_reads_nobody_who_is_not_found(database_url: str) -> None:
    async with explained(database_url) as database:
        trigrams = "SELECT FROM pg_extension WHERE extname = 'pg_trgm'"
        if not await database.pool.fetch(trigrams):
            pytest.skip("this PostgreSQL has no pg_trgm: a search reads everybody here")
        found = await PostgresUsers(database).search(
            "rson7777", with_email=False, offset=0, limit=20
        )
        assert found.users
        database.assert_indexed()
