"""Posts and lists of them, read in one statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service_kit import pages
from service_kit.database import Database
from service_kit.estimates import Estimates

from post_service.adapters.postgres.rows import POST, post_from_row
from post_service.domain.models import Place, Post, PostFilter, PostPage

# The planner can't count what is in a subquery, and so finds one plan good for any number of ids.
# It would make a new one each time there are few, which takes longer than to read them.
_BY_IDS: Final = f"""
SELECT {POST} FROM posts AS post WHERE id = ANY(ARRAY(SELECT unnest($1::bigint[])))
"""  # noqa: S608
_PAGE: Final = """
WITH page AS (
    SELECT {key} AS id FROM {source}{beyond}
    ORDER BY found.created_at DESC, {key} DESC OFFSET {offset} LIMIT {limit}
)
SELECT counted.total, {post}
FROM (SELECT {total} AS total) AS counted
LEFT JOIN (page JOIN posts AS post ON post.id = page.id) ON true
ORDER BY post.created_at DESC, post.id DESC
"""
# In the list's order: else the posts of the last hour are looked for from the oldest one on.
_TOTAL: Final = """(SELECT count(*) FROM (
    SELECT FROM {source} ORDER BY found.created_at DESC LIMIT {most}) AS counted)"""
# The youngest of several tags is the likeliest to be rare: its posts are gone through, newest
# first, and the other tags are looked up for each. Nothing is gone through for a tag that is none.
_OF_A_TAG: Final = "found.tag_id = (SELECT max(id) FROM tags WHERE name = ANY({0}::text[]))"
_HAS_TAGS: Final = """
    (SELECT count(*) FROM tags WHERE name = ANY({0}::text[])) = cardinality({0}::text[])
    AND (SELECT count(*) FROM post_tags AS other WHERE other.post_id = {1} AND other.tag_id = ANY(
        ARRAY(SELECT id FROM tags WHERE name = ANY({0}::text[])))) = cardinality({0}::text[])"""


class PostgresPosts:
    """The posts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._estimates = Estimates()

    async def get(self, post_id: int) -> Post | None:
        sql = f"SELECT {POST} FROM posts AS post WHERE id = $1"  # noqa: S608
        row = await self._database.fetch_row("post_by_id", sql, post_id)
        return None if row is None else post_from_row(row)

    async def get_many(self, post_ids: Sequence[int]) -> list[Post]:
        rows = await self._database.fetch("posts_by_ids", _BY_IDS, post_ids)
        return [post_from_row(row) for row in rows]

    async def page(
        self, wanted: PostFilter, *, after: Place | None, offset: int, limit: int
    ) -> PostPage:
        matching = _Matching.of(wanted)
        estimate = self._estimates.get(wanted)
        sql, arguments = matching.page(after, offset, limit + 1, with_total=estimate is None)
        async with self._database.connection() as connection:
            rows = await self._database.timed("posts_page", connection.fetch, sql, *arguments)
            total = estimate or pages.Total(rows[0]["total"])
            if not total.is_estimate and total.value > pages.EXACT_TOTAL:
                counted = await pages.count(connection, matching.source, matching.arguments)
                total = self._estimates.keep(wanted, counted)
        posts = [post_from_row(row) for row in rows if row["id"] is not None]
        return PostPage(tuple(posts[:limit]), len(posts) > limit, total.value, total.is_estimate)


@dataclass(frozen=True, slots=True)
class _Matching:
    """The rows that satisfy a filter: `source` is what follows FROM, `key` the post's id in it."""

    source: str
    key: str
    arguments: tuple[object, ...]

    @classmethod
    def of(cls, wanted: PostFilter) -> "_Matching":
        """An author's list is an author's even where it is filtered by tags."""
        by_tag = bool(wanted.tags) and wanted.author_id is None
        table, key = ("post_tags", "found.post_id") if by_tag else ("posts", "found.id")
        conditions: list[str] = []
        arguments: list[object] = []
        for condition, value in (
            ("found.author_id = {0}", wanted.author_id),
            ("found.created_at >= {0}", wanted.created_after),
            ("found.created_at <= {0}", wanted.created_before),
            (_OF_A_TAG, wanted.tags if by_tag else None),
            (_HAS_TAGS, wanted.tags if wanted.tags[by_tag:] else None),
        ):
            if value is not None:
                arguments.append(value)
                conditions.append(condition.format(f"${len(arguments)}", key))
        where = " AND ".join(conditions) or "true"
        return cls(f"{table} AS found WHERE {where}", key, tuple(arguments))

    def page(
        self, after: Place | None, offset: int, limit: int, *, with_total: bool
    ) -> tuple[str, tuple[object, ...]]:
        """The statement that reads a page, and its arguments."""
        place = () if after is None else (after.created_at, after.id)
        arguments = (*self.arguments, *place, offset, limit)
        numbers = [f"${number}" for number in range(len(self.arguments) + 1, len(arguments) + 1)]
        beyond = f" AND (found.created_at, {self.key}) < ({numbers[0]}, {numbers[1]})"
        total = _TOTAL.format(source=self.source, most=pages.EXACT_TOTAL + 1)
        sql = _PAGE.format(
            key=self.key,
            source=self.source,
            beyond=beyond if place else "",
            offset=numbers[-2],
            limit=numbers[-1],
            post=POST,
            total=total if with_total else "NULL::bigint",
        )
        return sql, arguments
