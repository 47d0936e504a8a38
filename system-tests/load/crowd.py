"""Much work for the inboxes: a backlog of follow events, and an author whom a crowd follows."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import asyncpg
from pinstack_local.stack import Stack
from pinstack_proto import topics
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated
from service_kit.timestamps import timestamp_to_pb

from load import dataset

_FIRST_OF_CROWD: Final = 1_000_000
_SUBJECT: Final = "SELECT count(*) FROM notifications WHERE subject = $1"
_IS_DONE: Final = "SELECT stage = 'done' FROM fanout_jobs WHERE post_id = $1"
_OUTBOX: Final = ("event_id", "topic", "key", "type", "payload", "headers")


async def connected(stack: Stack, service: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection to the database of a service; to be closed by whoever asks."""
    return await asyncpg.connect(stack.database_url(service))


async def publish_follows(stack: Stack, count: int) -> None:
    """Have relation-service announce `count` follows, each of another pair, in its outbox."""
    connection = await connected(stack, "relation-service")
    try:
        await connection.copy_records_to_table(
            "outbox", records=_follow_events(count), columns=_OUTBOX
        )
    finally:
        await connection.close()


def _follow_events(count: int) -> Iterator[tuple[Any, ...]]:
    now = timestamp_to_pb(datetime.now(UTC))
    pairs = (
        (follower, followee)
        for distance in range(1, dataset.PEOPLE)
        for follower in range(1, dataset.PEOPLE + 1)
        for followee in [(follower + distance - 1) % dataset.PEOPLE + 1]
    )
    for _, (follower, followee) in zip(range(count), pairs, strict=False):
        message = FollowCreated(follower_id=follower, followee_id=followee, occurred_at=now)
        packed = topics.pack(message)
        yield uuid4(), packed.topic, packed.key, packed.type, packed.value, json.dumps({})


async def gather_crowd(stack: Stack, author_id: int, count: int) -> None:
    """Make `count` more people, all of whom follow an author."""
    ids = range(_FIRST_OF_CROWD, _FIRST_OF_CROWD + count)
    users = await connected(stack, "user-service")
    try:
        rows = ((each, f"crowd{each}", f"crowd{each}@example.com") for each in ids)
        await users.copy_records_to_table(
            "users", records=rows, columns=("id", "username", "email")
        )
    finally:
        await users.close()
    relations = await connected(stack, "relation-service")
    try:
        await relations.copy_records_to_table(
            "follows",
            records=((each, author_id) for each in ids),
            columns=("follower_id", "followee_id"),
        )
        await relations.execute("ANALYZE follows")
    finally:
        await relations.close()


async def told_of(inboxes: "asyncpg.Connection[asyncpg.Record]", post_id: int) -> int:
    """How many notifications of a post there are."""
    count: int = await inboxes.fetchval(_SUBJECT, f"post:{post_id}")
    return count


async def is_told(inboxes: "asyncpg.Connection[asyncpg.Record]", post_id: int) -> bool:
    """Whether everybody is: cheap to ask, which counting a crowd is not."""
    return bool(await inboxes.fetchval(_IS_DONE, post_id))


async def delays_of(stack: Stack, post_ids: list[int]) -> list[float]:
    """Milliseconds from the time of each post to each of its notifications."""
    posts, inboxes = [
        await connected(stack, f"{name}-service") for name in ("post", "notification")
    ]
    try:
        made = await posts.fetch(
            "SELECT id, created_at FROM posts WHERE id = ANY($1::bigint[])", post_ids
        )
        at = {f"post:{row['id']}": row["created_at"] for row in made}
        told = await inboxes.fetch(
            "SELECT subject, created_at FROM notifications WHERE subject = ANY($1::text[])",
            list(at),
        )
        return [(row["created_at"] - at[row["subject"]]).total_seconds() * 1000 for row in told]
    finally:
        await posts.close()
        await inboxes.close()


class Stopwatch:
    """The rate at which a count rises, from the first rise that is seen."""

    def __init__(self, count: int) -> None:
        self._first = self._last = (time.monotonic(), count)
        self._is_moving = False

    def see(self, count: int) -> None:
        """Look at the count."""
        now = time.monotonic()
        if not self._is_moving and count > self._first[1]:
            self._first, self._is_moving = (now, count), True
        self._last = (now, count)

    @property
    def seconds(self) -> float:
        """Since the first rise, or, before it, since anybody looks."""
        return self._last[0] - self._first[0]

    @property
    def rate(self) -> float:
        """A second; what rose at first, before anybody looked, does not count."""
        return (self._last[1] - self._first[1]) / self.seconds if self.seconds else 0.0
