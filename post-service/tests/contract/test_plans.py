"""No list and no look-up reads a table from end to end, at 100,000 posts."""

from datetime import UTC, datetime, timedelta
from typing import Final

from service_kit.testing.plans import explained

from post_service.adapters.postgres.posts import PostgresPosts
from post_service.domain.models import Place, PostFilter

_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_POSTS: Final = """
    INSERT INTO posts (author_id, title, content, created_at)
    SELECT 1 + n % 1000, 'title', 'content', timestamptz '2026-01-01Z' + n * interval '1 minute'
    FROM generate_series(1, 100000) AS n
"""
_TAGS: Final = "INSERT INTO tags (name) SELECT 'tag' || n FROM generate_series(1, 1000) AS n"
_POST_TAGS: Final = """
    INSERT INTO post_tags (post_id, tag_id, position, created_at)
    SELECT id, 1 + (id + k * 7) % 1000, k, created_at FROM posts, generate_series(1, 2) AS k
"""
_MEDIA: Final = """
    INSERT INTO media (post_id, url, type, position)
    SELECT id, 'https://cdn.example.org/a.jpg', 'image', 1 FROM posts
"""


async def test_posts_are_found_by_their_indexes(database_url: str) -> None:
    async with explained(database_url, _POSTS, _TAGS, _POST_TAGS, _MEDIA) as database:
        posts = PostgresPosts(database)
        assert await posts.get(500) is not None
        assert len(await posts.get_many(range(1, 101))) == 100
        at = _MOMENT + timedelta(days=30)
        for wanted in (
            PostFilter(),
            PostFilter(author_id=7),
            PostFilter(tags=("tag7",)),
            PostFilter(tags=("tag8", "tag15")),
            PostFilter(author_id=7, tags=("tag7",)),
            PostFilter(created_after=at),
            PostFilter(created_before=at),
        ):
            for after in (None, Place(at, 43_200)):
                await posts.page(wanted, after=after, offset=0, limit=20)
        database.assert_indexed("tags")
