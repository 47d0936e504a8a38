"""What the databases hold at the end of a run."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
from pinstack_local.stack import Stack
from pinstack_proto import topics
from pinstack_proto.events.v1.post_events_pb2 import PostCreated, PostDeleted
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated, FollowDeleted
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted

from chaos.world import Event, Inbox, Notified, World

SERVICES: Final = (
    "user-service",
    "auth-service",
    "post-service",
    "relation-service",
    "notification-service",
)
WITH_OUTBOX: Final = ("user-service", "post-service", "relation-service", "notification-service")

Connections = dict[str, "asyncpg.Connection[asyncpg.Record]"]


async def connect(stack: Stack, exits: AsyncExitStack) -> Connections:
    """A connection to the database of each service, closed with `exits`."""
    found: Connections = {}
    for service in SERVICES:
        connection = await asyncpg.connect(stack.database_url(service), timeout=20)
        exits.push_async_callback(connection.close)
        found[service] = connection
    return found


async def read(stack: Stack) -> World:
    """Everything but views and leftovers."""
    world = World()
    async with AsyncExitStack() as exits:
        connections = await connect(stack, exits)
        await _read_accounts(connections, world)
        await _read_content(connections, world)
        await _read_inboxes(connections["notification-service"], world)
        for service in ("user-service", "post-service", "relation-service"):
            sql = "SELECT event_id, type, payload, created_at FROM outbox ORDER BY id"
            for row in await connections[service].fetch(sql):
                world.events.extend(_event(row))
    return world


async def _read_accounts(connections: Connections, world: World) -> None:
    users = await connections["user-service"].fetch("SELECT id, full_name FROM users")
    world.users = {row["id"]: row["full_name"] or "" for row in users}
    credentials = await connections["auth-service"].fetch("SELECT user_id FROM credentials")
    world.credentials = {row["user_id"] for row in credentials}


async def _read_content(connections: Connections, world: World) -> None:
    sql = "SELECT follower_id, followee_id FROM follows"
    follows = await connections["relation-service"].fetch(sql)
    world.follows = {(row["follower_id"], row["followee_id"]) for row in follows}
    posts = await connections["post-service"].fetch("SELECT id, author_id, title FROM posts")
    world.posts = {row["id"]: (row["author_id"], row["title"]) for row in posts}


async def _read_inboxes(connection: "asyncpg.Connection[asyncpg.Record]", world: World) -> None:
    claims = await connection.fetch("SELECT event_id, received_at FROM inbox")
    world.claims = {row["event_id"]: row["received_at"] for row in claims}
    sql = "SELECT user_id, last_seq, unread, total, closed_at IS NOT NULL AS closed FROM inboxes"
    for row in await connection.fetch(sql):
        world.inboxes[row["user_id"]] = Inbox(*list(row)[1:])
    sql = """
        SELECT id, user_id, seq, coalesce(subject, ''), read_at IS NOT NULL,
               withdrawn_at IS NOT NULL, created_at
        FROM notifications
    """
    world.notifications = [Notified(*row) for row in await connection.fetch(sql)]


def _event(row: asyncpg.Record) -> Iterator[Event]:
    """The event of a row; types that no check looks at are left out."""
    message = topics.unpack(row["type"], row["payload"])
    text = ""
    match message:
        case UserCreated() | UserDeleted():
            ids: tuple[int, ...] = (message.user_id,)
            text = message.username
        case FollowCreated() | FollowDeleted():
            ids = (message.follower_id, message.followee_id)
        case PostCreated():
            ids, text = (message.post_id, message.author_id), message.title
        case PostDeleted():
            ids = (message.post_id, message.author_id)
        case _:
            return
    yield Event(row["event_id"], row["type"], ids, text, row["created_at"])
