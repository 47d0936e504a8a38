"""No list and no look-up reads all relations, at 100,000 of them."""

from typing import Final

from service_kit.testing.plans import explained

from relation_service.adapters.postgres import PostgresFollows
from relation_service.domain.models import Place, Window

_FOLLOWS: Final = """
    INSERT INTO follows (follower_id, followee_id)
    SELECT n / 100 + 1, 2000 + n % 100 FROM generate_series(0, 99999) AS n
"""


async def test_relations_are_found_by_their_indexes(database_url: str) -> None:
    async with explained(database_url, _FOLLOWS) as database:
        follows = PostgresFollows(database)
        for window in (Window(20), Window(20, before=50_000)):
            await follows.page("followers", 2000, window)
            await follows.page("followees", 7, window)
        assert [batch async for batch in follows.followers(2000, 500, 200)]
        await follows.follower_ids([Place(2000 + n, 500) for n in range(64)], 200)
        await follows.relations(7, range(2000, 2100))
        database.assert_indexed()
