"""What is made of others' events."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto import topics
from pinstack_proto.events.v1 import media_events_pb2
from pinstack_proto.events.v1.post_events_pb2 import PostCreated, PostDeleted, PostUpdated
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated, FollowDeleted
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted
from service_kit.outbox import OutboxRecord
from service_kit.testing import InMemoryTopic

from notification_service.adapters.event_consumer import Events
from notification_service.application.reactions import Reactions
from notification_service.domain.events import NotificationCreated
from notification_service.domain.facts import Fact
from notification_service.domain.media import MediaProcessed
from tests.builders import RECEPTION, TRACE
from tests.fakes import InMemoryStore, InMemoryUsers

GROUP = "notification-service"
AT = Timestamp(seconds=1_767_323_045)


class World:
    """The consumer over a store in memory."""

    def __init__(self) -> None:
        self.store = InMemoryStore()
        self.users = InMemoryUsers()
        self.topic = InMemoryTopic("relation-events")
        self.wakes = 0
        self.told: list[MediaProcessed] = []
        reactions = Reactions(self.users, self.store, RECEPTION)
        self._events = Events(reactions, self._wake, self.told.append)

    async def hear(self, *events: topics.Event) -> None:
        for event in events:
            packed = topics.pack(event)
            headers = {"traceparent": TRACE}
            await self.topic.publish(
                OutboxRecord(packed.topic, packed.key, packed.type, packed.value, headers=headers)
            )
        await self.topic.deliver(GROUP, self._events.handle)

    async def totals(self, user_ids: Sequence[int]) -> list[int]:
        return [state.total for state in await self.store.states(user_ids)]

    @property
    def reasons(self) -> list[bytes]:
        """Why events became dead letters."""
        letters = self.topic.dead_letters[GROUP]
        return [dict(letter.headers)["dlq_reason"] for letter in letters]

    def _wake(self, facts: Sequence[Fact]) -> None:
        self.wakes += len(facts)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_follow_is_told_and_its_end_takes_it_back(world: World) -> None:
    await world.hear(FollowCreated(follower_id=7, followee_id=1, occurred_at=AT))
    (event,) = world.store.events
    assert isinstance(event, NotificationCreated)
    assert b'"timestamptz":"2026-01-02T03:04:05Z"' in (event.notification.payload or b"")
    assert event.traceparent == TRACE
    (claimed,) = world.store.tables.claims.values()
    origin = claimed.fact.origin
    assert origin is not None
    assert (origin.type, origin.topic) == ("relation.follow_created.v1", "relation-events")
    assert origin.offset == 0
    assert origin.published_at is not None
    assert origin.committed_at <= claimed.at
    assert event.event_id == claimed.fact.event_id
    await world.hear(FollowDeleted(follower_id=7, followee_id=1))
    assert await world.totals([1]) == [0]


async def test_a_post_becomes_a_job_and_the_workers_are_woken(world: World) -> None:
    await world.hear(PostCreated(post_id=9, author_id=7, title="Ahoj", occurred_at=AT))
    post = world.store.tables.jobs[9].post
    assert post is not None
    assert (post.author_id, post.title, post.traceparent) == (7, "Ahoj", TRACE)
    assert post.occurred_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert world.wakes == 1
    await world.hear(PostDeleted(post_id=9, author_id=7))
    assert world.store.tables.jobs[9].post is None


async def test_the_end_of_an_account_closes_its_inbox(world: World) -> None:
    await world.hear(FollowCreated(follower_id=7, followee_id=1))
    await world.hear(UserDeleted(user_id=1))
    assert await world.totals([1]) == [0]


async def test_events_of_no_concern_are_passed_over(world: World) -> None:
    await world.hear(UserCreated(user_id=1), PostUpdated(post_id=9, author_id=7))
    assert (world.store.tables.claims, world.wakes, world.reasons) == ({}, 0, [])


@pytest.mark.parametrize(
    "event",
    [
        FollowCreated(follower_id=0, followee_id=1),
        FollowDeleted(follower_id=1),
        PostCreated(author_id=7, title="t"),
        PostCreated(post_id=1, author_id=7, title="a\0b"),
        PostCreated(post_id=1, author_id=7, title="x" * 1001),
        PostCreated(post_id=1, author_id=7, occurred_at=Timestamp(seconds=2**60)),
        PostDeleted(post_id=1),
        UserDeleted(),
    ],
)
async def test_what_makes_no_sense_becomes_a_dead_letter_and_the_rest_goes_on(
    world: World, event: topics.Event
) -> None:
    await world.hear(event, FollowCreated(follower_id=7, followee_id=1))
    assert len(world.reasons) == 1
    assert await world.totals([1]) == [1]


async def test_what_can_not_be_read_becomes_a_dead_letter(world: World) -> None:
    await world.topic.publish(
        OutboxRecord("relation-events", "1", "relation.follow_created.v1", b"\xff\xff")
    )
    await world.hear()
    assert len(world.reasons) == 1


async def test_while_user_service_is_away_events_wait(world: World) -> None:
    world.users.away = True
    await world.hear(FollowCreated(follower_id=7, followee_id=1))
    assert await world.totals([1]) == [0]
    world.users.away = False
    await world.hear()
    assert await world.totals([1]) == [1]
    assert world.reasons == []


def processed(state: str, owner_id: int = 7) -> media_events_pb2.MediaProcessed:
    """An upload that has come to an end."""
    return media_events_pb2.MediaProcessed(media_id=9, owner_id=owner_id, state=state)


@pytest.mark.parametrize("state", ["ready", "failed"])
async def test_an_upload_that_is_processed_is_told_and_not_kept(world: World, state: str) -> None:
    await world.hear(processed(state), media_events_pb2.MediaUploaded(media_id=9, owner_id=7))
    assert world.told == [MediaProcessed(7, 9, state)]
    assert (world.store.events, world.wakes, world.reasons) == ([], 0, [])


@pytest.mark.parametrize("event", [processed("lost"), processed("ready", owner_id=0)])
async def test_an_upload_that_cannot_be_is_told_to_nobody(
    world: World, event: media_events_pb2.MediaProcessed
) -> None:
    await world.hear(event)
    assert (len(world.reasons), world.told) == (1, [])
