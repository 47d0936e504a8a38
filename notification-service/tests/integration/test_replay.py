"""Inboxes rebuilt from Apache Kafka are the inboxes that were there."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pinstack_local.errors import LocalStackError
from pinstack_local.kafka import KafkaServer
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit.testing import MakeDatabase

from notification_service.replay import replayed
from tests.conftest import MIGRATIONS
from tests.integration.replay_world import World, a_world

pytestmark = pytest.mark.kafka

Rows = list[dict[str, Any]]

ANN, BOB, CID, DAN, EVE = 1, 2, 3, 4, 5

NOTIFICATIONS = """
SELECT user_id, seq, id, type, payload, actor_id, subject, idempotency_key, created_at,
       read_at IS NOT NULL AS is_read, withdrawn_at
FROM notifications WHERE user_id NOT IN (SELECT user_id FROM inboxes WHERE closed_at IS NOT NULL)
ORDER BY user_id, seq
"""
# What is sent is deleted; here a trigger keeps it.
KEEP_SENT = (
    "CREATE TABLE sent (LIKE outbox)",
    "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO sent SELECT OLD.*; RETURN OLD; END $$",
    "CREATE TRIGGER keep BEFORE DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION keep()",
)
INBOXES = """
SELECT user_id, last_seq, unread, total, closed_at IS NOT NULL AS is_closed, is_emptied
FROM inboxes ORDER BY user_id
"""


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """An Apache Kafka of our own: topics have fixed names, and others' events must not be there."""
    with tempfile.TemporaryDirectory(prefix="pinstack-test-") as folder:
        server = KafkaServer(Path(folder))
        try:
            server.start()
        except LocalStackError as reason:
            pytest.skip(f"no Apache Kafka here: {reason}")
        yield server.bootstrap_servers
        server.stop()


@pytest.fixture(scope="module")
async def world(make_database: MakeDatabase, kafka: str) -> AsyncIterator[World]:
    """One in which much has happened, all of it while the service ran, which is stopped now."""
    async with a_world(make_database(MIGRATIONS), kafka) as world:
        for statement in KEEP_SENT:
            await world.ask(statement)
        async with world.running() as stub:
            await live_through(world, stub)
        yield world


async def live_through(world: World, stub: NotificationServiceStub) -> None:
    """Follows, posts, messages, readings, removals and withdrawals, in an order that matters."""
    for follower in (BOB, CID, DAN):
        await world.follows(follower, ANN)
    await world.follows(ANN, BOB)
    await world.posts(10, ANN, "First")
    await world.posts(11, BOB, 'Second, "quoted" \N{SNOWMAN}')
    await stub.ReadNotification(
        pb.ReadNotificationRequest(notification_id=await newest(world, CID))
    )
    await world.deletes_post(10, ANN)  # CID has read of it, the others have not
    await world.unfollows(DAN, ANN)
    await stub.SendNotification(
        pb.SendNotificationRequest(
            user_id=BOB, type="greeting", payload=b'{"n": 1.0}', actor_id=ANN, idempotency_key="k"
        )
    )
    await stub.ReadAllUserNotifications(pb.ReadAllUserNotificationsRequest(user_id=BOB))
    await world.posts(12, ANN, "Third")
    removed = pb.RemoveNotificationRequest(notification_id=await newest(world, BOB))
    await stub.RemoveNotification(removed)
    await world.follows(EVE, ANN)
    await world.follows(BOB, EVE)
    await world.leaves(EVE)
    await world.until("SELECT count(*) = 0 FROM outbox WHERE sent_at IS NULL")


async def newest(world: World, user_id: int) -> int:
    rows = await world.ask("SELECT max(id) FROM notifications WHERE user_id = $1", user_id)
    return int(rows[0][0])


async def state(world: World) -> tuple[Rows, Rows]:
    """All that can be seen of the inboxes, and more."""
    notifications = [dict(row) for row in await world.ask(NOTIFICATIONS)]
    return notifications, [dict(row) for row in await world.ask(INBOXES)]


async def versions(world: World) -> dict[int, int]:
    return {row["user_id"]: row["version"] for row in await world.ask("SELECT * FROM inboxes")}


async def test_what_is_rebuilt_after_everything_is_lost_is_what_was_there(world: World) -> None:
    before = await state(world)
    assert len(before[0]) > 10
    assert {row["type"] for row in before[0]} == {"follow_created", "post_created", "greeting"}
    assert any(row["withdrawn_at"] for row in before[0])
    world.users.suffix = "-renamed"  # nobody is asked for names again
    world.relations.followers = {ANN: [BOB, CID, EVE, 99]}  # nor for followers
    await world.ask("TRUNCATE inboxes, notifications RESTART IDENTITY")

    done, unreadable = await replayed(world.database_url, world.bootstrap, exact=False)

    assert await state(world) == before
    assert (done.kept, unreadable) == (0, 0)


async def test_what_was_changed_behind_the_services_back_is_put_right(world: World) -> None:
    before, old_versions = await state(world), await versions(world)
    await world.ask("UPDATE notifications SET payload = '{}', read_at = NULL, type = 'x'")
    await world.ask("UPDATE inboxes SET unread = 0, unseen = 0, total = 0 WHERE closed_at IS NULL")
    await world.ask("DELETE FROM notifications WHERE seq % 2 = 0")
    await replayed(world.database_url, world.bootstrap, exact=False)
    assert await state(world) == before
    assert all(version > old_versions[key] for key, version in (await versions(world)).items())


async def test_what_the_topic_does_not_know_stays_unless_it_shall_go(world: World) -> None:
    before = await state(world)
    await world.ask(
        "INSERT INTO notifications (user_id, seq, type, created_at) VALUES ($1, 900, 'old', now())",
        CID,
    )
    await world.ask("UPDATE inboxes SET last_seq = 900, total = total + 1 WHERE user_id = $1", CID)
    done, _ = await replayed(world.database_url, world.bootstrap, exact=False)
    assert done.kept == 1
    assert len((await state(world))[0]) == len(before[0]) + 1
    done, _ = await replayed(world.database_url, world.bootstrap, exact=True)
    after = await state(world)
    assert after[0] == before[0]
    seqs = {row["user_id"]: row["last_seq"] for row in after[1]}
    assert seqs[CID] == 900  # a seq that a client may have seen is not given again
    assert (await state(world))[1][CID - 1]["total"] == before[1][CID - 1]["total"]


async def test_what_waits_in_the_outbox_is_replayed_too(world: World) -> None:
    before = await state(world)
    await world.ask(
        "INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM sent ORDER BY id DESC LIMIT 5"
    )
    (waiting,) = await world.ask("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
    assert waiting[0] == 5
    await replayed(world.database_url, world.bootstrap, exact=True)  # in Kafka as well: no harm
    assert await state(world) == before


async def test_afterwards_the_service_goes_on_where_it_was(world: World) -> None:
    before, events = await state(world), await world.ask("SELECT count(*) FROM outbox")
    await replayed(world.database_url, world.bootstrap, exact=False)
    assert await world.ask("SELECT count(*) FROM outbox") == events  # nothing is announced again
    async with world.running() as stub:
        world.relations.followers = {}
        seq = await world.last_seq(ANN)
        await world.follows(99, ANN)
        assert await world.last_seq(ANN) == seq + 1
        again = pb.SendNotificationRequest(
            user_id=BOB, type="greeting", payload=b'{"n": 1.0}', actor_id=ANN, idempotency_key="k"
        )
        sent = {row["idempotency_key"]: row["id"] for row in before[0]}
        assert (await stub.SendNotification(again)).notification_id == sent["k"]
        await world.unfollows(99, ANN)
    now = await state(world)
    assert [row for row in now[0] if row["seq"] <= seq or row["user_id"] != ANN] == before[0]


async def test_while_nothing_can_be_read_nothing_changes(world: World) -> None:
    before = await state(world)
    with pytest.raises(Exception, match="Unable to bootstrap"):
        await replayed(world.database_url, "127.0.0.1:1", exact=True)
    assert await state(world) == before
