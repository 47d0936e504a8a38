"""Fills a platform with the data set: COPY into each service's database, then signs people in.

The API would take minutes, most of them for hashing 962 passwords. No event is published for what
is copied, so each inbox gets a notification for each of its owner's followers here.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import asyncpg
import httpx
from pinstack_local.stack import Stack

from load import dataset

SIGNED_IN: Final = 64
PASSWORD: Final = "correct horse battery"
_AT_ONCE: Final = 4
_PATIENCE_SECONDS: Final = 60
_LOG_FILES: Final = 60
"""Of 16 MiB each: for the mix at its fastest, about half a minute."""
_LOG_SIZES: Final = {"min_wal_size": "1GB", "max_wal_size": "2GB"}

_UNSEEN: Final = """
DO $$ BEGIN
    UPDATE inboxes SET unseen = unread;
EXCEPTION WHEN undefined_column THEN NULL;
END $$
"""

Rows = Iterable[tuple[Any, ...]]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: int
    token: str


def fill(stack: Stack) -> tuple[Person, ...]:
    """Load everything; returns the first SIGNED_IN people of it."""
    return asyncio.run(_fill(stack))


async def _fill(stack: Stack) -> tuple[Person, ...]:
    api = f"{stack.gateway_url}/api/v1/auth"
    async with httpx.AsyncClient(base_url=api, timeout=_PATIENCE_SECONDS) as http:
        first = {"username": dataset.username(1), "email": dataset.email(1)}
        made = await http.post("/register", json=first | {"password": PASSWORD})
        made.raise_for_status()
        await asyncio.gather(
            _people(stack), _credentials(stack), _posts(stack), _relations(stack), _inboxes(stack)
        )
        await _settle(stack)
        few = asyncio.Semaphore(_AT_ONCE)
        people = (_person(http, few, number) for number in range(1, SIGNED_IN + 1))
        return tuple(await asyncio.gather(*people))


async def _person(http: httpx.AsyncClient, few: asyncio.Semaphore, user_id: int) -> Person:
    async with few:
        account = {"login": dataset.username(user_id), "password": PASSWORD}
        answer = await http.post("/login", json=account)
        answer.raise_for_status()
        return Person(user_id, answer.json()["data"]["access_token"])


async def _settle(stack: Stack) -> None:
    """Give PostgreSQL what it has where it has run for a while: files of its log to use again.

    A new cluster makes each of them as it comes to it, and all commits wait until 16 MiB of zeros
    are on disk: 50 ms, several times in each scenario.
    """
    connection = await asyncpg.connect(stack.infrastructure.postgres.url())
    try:
        for setting, size in _LOG_SIZES.items():
            await connection.execute(f"ALTER SYSTEM SET {setting} = '{size}'")
        await connection.execute("SELECT pg_reload_conf()")
        for _ in range(_LOG_FILES):
            await connection.execute("SELECT pg_logical_emit_message(true, 'load', '')")
            await connection.execute("SELECT pg_switch_wal()")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _people(stack: Stack) -> None:
    rows = (
        (
            user_id,
            dataset.username(user_id),
            dataset.email(user_id),
            f"Person {user_id}",
            dataset.joined_at(user_id),
        )
        for user_id in range(2, dataset.PEOPLE + 1)
    )
    columns = ("id", "username", "email", "full_name", "created_at")
    await _copy(stack, "user-service", [("users", columns, rows)])


async def _credentials(stack: Stack) -> None:
    """Everybody has the password of the first, who has registered as people do."""
    connection = await asyncpg.connect(stack.database_url("auth-service"))
    try:
        await connection.execute(
            "INSERT INTO credentials (user_id, password_hash)"
            " SELECT n, password_hash FROM credentials, generate_series(2, $1::bigint) AS n",
            dataset.PEOPLE,
        )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def _posts(stack: Stack) -> None:
    posts = list(dataset.posts())
    rows = ((p.id, p.author_id, p.title, p.content, p.created_at, p.created_at) for p in posts)
    tags = (
        (post.id, tag + 1, position, post.created_at)
        for post in posts
        for position, tag in enumerate(post.tags)
    )
    columns = ("id", "author_id", "title", "content", "created_at", "updated_at")
    await _copy(
        stack,
        "post-service",
        [
            ("posts", columns, rows),
            ("tags", ("id", "name"), zip(count(1), dataset.TAGS)),
            ("post_tags", ("post_id", "tag_id", "position", "created_at"), tags),
        ],
    )


async def _relations(stack: Stack) -> None:
    rows = ((number, *pair) for number, pair in enumerate(dataset.follows(), 1))
    columns = ("id", "follower_id", "followee_id")
    await _copy(stack, "relation-service", [("follows", columns, rows)])


async def _inboxes(stack: Stack) -> None:
    counts: dict[int, int] = {}
    notifications = list(_notifications(dataset.follows(), counts))
    inboxes = ((user_id, seq, seq, seq, 1) for user_id, seq in counts.items())
    columns = ("user_id", "seq", "type", "payload", "subject", "created_at")
    await _copy(
        stack,
        "notification-service",
        [
            ("inboxes", ("user_id", "last_seq", "unread", "total", "version"), inboxes),
            ("notifications", columns, notifications),
        ],
    )
    await _have_seen_nothing(stack)


async def _have_seen_nothing(stack: Stack) -> None:
    """What is unread is unseen, where the version that is measured counts it."""
    connection = await asyncpg.connect(stack.database_url("notification-service"))
    try:
        await connection.execute(_UNSEEN)
    finally:
        await connection.close()


def _notifications(
    follows: Sequence[tuple[int, int]], counts: dict[int, int]
) -> Iterator[tuple[Any, ...]]:
    at = datetime.now(UTC)  # old ones would be pruned while the benchmark runs
    for follower, followee in follows:
        counts[followee] = seq = counts.get(followee, 0) + 1
        payload = {
            "follower_id": follower,
            "follower_username": dataset.username(follower),
            "followee_id": followee,
            "timestamptz": "2026-01-01T00:00:00Z",
        }
        subject = f"follow:{follower}:{followee}"
        yield followee, seq, "follow_created", json.dumps(payload), subject, at


async def _copy(
    stack: Stack, service: str, tables: Sequence[tuple[str, tuple[str, ...], Rows]]
) -> None:
    """COPY rows into tables of a service; identities go on after the highest id."""
    connection = await asyncpg.connect(stack.database_url(service))
    try:
        for table, columns, rows in tables:
            await connection.copy_records_to_table(table, columns=columns, records=list(rows))
            if "id" in columns:
                highest = f"(SELECT max(id) FROM {table})"  # noqa: S608 -- our own tables
                sequence = f"pg_get_serial_sequence('{table}', 'id')"
                await connection.execute(f"SELECT setval({sequence}, {highest})")
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
