"""The running service: every RPC with its success and its errors, and what it does with events."""

from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka import AIOKafkaConsumer
from google.protobuf.message import Message as ProtobufMessage
from pinstack_proto import topics
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated, FollowDeleted
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted
from pinstack_proto.relation.v1 import relation_pb2
from pinstack_proto.relation.v1.relation_pb2_grpc import RelationServiceStub
from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from pydantic import SecretStr
from service_kit import errors, grpc_client, grpc_server
from service_kit.config import GrpcSettings, KafkaSettings, PostgresSettings
from service_kit.database import Database, open_database
from service_kit.grpc_server import Context
from service_kit.outbox import OutboxRecord, append
from service_kit.testing import eventually

from relation_service.config import PeerSettings, Settings
from relation_service.main import running

RELATIONS = relation_pb2.DESCRIPTOR.services_by_name["RelationService"]
USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]


class _Users(user_pb2_grpc.UserServiceServicer):
    """user-service, as far as this service asks it: everybody below 1000 exists but the gone."""

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.away = False

    async def BatchGetUsers(
        self, request: user_pb2.BatchGetUsersRequest, context: Context
    ) -> user_pb2.BatchGetUsersResponse:
        if self.away:
            raise errors.Unavailable
        there = [key for key in request.ids if key < 1000 and key not in self.gone]
        return user_pb2.BatchGetUsersResponse(
            users=[user_pb2.User(id=key, username=f"user{key}") for key in there]
        )


@pytest.fixture(scope="module")
def users() -> _Users:
    return _Users()  # type: ignore[abstract]  # only what this service calls


@pytest.fixture(autouse=True)
def _everybody_is_there(users: _Users) -> Iterator[None]:
    yield
    users.away = False
    users.gone.clear()


@pytest.fixture(scope="module")
async def user_service(users: _Users) -> AsyncIterator[str]:
    async with grpc_server.serve(
        ("127.0.0.1", 0),
        lambda server: user_pb2_grpc.add_UserServiceServicer_to_server(users, server),
        [USERS.full_name],
        GrpcSettings(),
        0,
    ) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
async def stub(
    user_service: str, database_url: str, kafka_bootstrap: str
) -> AsyncIterator[RelationServiceStub]:
    settings = Settings(
        grpc_port=0,
        admin_port=0,
        database_url=SecretStr(database_url),
        kafka=KafkaSettings(bootstrap_servers=kafka_bootstrap),
        peers=PeerSettings(user_grpc_address=user_service),
    )
    async with running(settings) as service:
        address = f"127.0.0.1:{service.port}"
        async with grpc_client.open_channel(address, RELATIONS, GrpcSettings()) as channel:
            yield RelationServiceStub(channel)


@pytest.fixture(scope="module")
async def published(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Reads relation-events from their beginning."""
    consumer = AIOKafkaConsumer(
        topics.RELATION_EVENTS,
        bootstrap_servers=kafka_bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


async def _follow(stub: RelationServiceStub, follower_id: int, followee_id: int) -> None:
    request = relation_pb2.FollowRequest(follower_id=follower_id, followee_id=followee_id)
    await stub.Follow(request)


async def test_a_follow_is_listed_from_both_ends(stub: RelationServiceStub) -> None:
    await _follow(stub, 1, 2)
    followers = await stub.GetFollowers(relation_pb2.GetFollowersRequest(followee_id=2))
    followees = await stub.GetFollowees(relation_pb2.GetFolloweesRequest(follower_id=1))
    assert [(who.follower_id, who.username) for who in followers.followers] == [(1, "user1")]
    assert [(who.follower_id, who.username) for who in followees.followees] == [(2, "user2")]
    assert (followers.total, followers.next_cursor) == (1, "")


@pytest.mark.parametrize(
    ("ends", "kind", "code", "message"),
    [
        ((10, 10), errors.InvalidArgument, "CANNOT_FOLLOW_YOURSELF", "cannot follow yourself"),
        ((10, 1000), errors.NotFound, "USER_NOT_FOUND", "user not found"),
        ((10, 0), errors.InvalidArgument, "VALIDATION_FAILED", "validation failed"),
    ],
)
async def test_a_follow_that_can_not_be_says_why(
    stub: RelationServiceStub,
    ends: tuple[int, int],
    kind: type[errors.AppError],
    code: str,
    message: str,
) -> None:
    with pytest.raises(kind) as caught:
        await _follow(stub, *ends)
    assert (caught.value.code, caught.value.message) == (code, message)


async def test_a_second_follow_and_a_second_unfollow_are_refused(
    stub: RelationServiceStub,
) -> None:
    await _follow(stub, 11, 12)
    with pytest.raises(errors.AlreadyExists, match="already following this user"):
        await _follow(stub, 11, 12)
    request = relation_pb2.UnfollowRequest(follower_id=11, followee_id=12)
    await stub.Unfollow(request)
    with pytest.raises(errors.NotFound, match="follow relation not found"):
        await stub.Unfollow(request)
    with pytest.raises(errors.InvalidArgument, match="cannot unfollow yourself"):
        await stub.Unfollow(relation_pb2.UnfollowRequest(follower_id=1, followee_id=1))


async def test_what_user_service_is_needed_for_is_unavailable_without_it_and_the_rest_goes_on(
    stub: RelationServiceStub, users: _Users
) -> None:
    await _follow(stub, 21, 22)
    users.away = True
    with pytest.raises(errors.Unavailable):
        await _follow(stub, 21, 23)
    with pytest.raises(errors.Unavailable):
        await stub.GetFollowers(relation_pb2.GetFollowersRequest(followee_id=22))
    await stub.Unfollow(relation_pb2.UnfollowRequest(follower_id=21, followee_id=22))


async def test_a_list_is_read_to_its_end_by_cursor_and_by_page(stub: RelationServiceStub) -> None:
    for follower in range(31, 36):
        await _follow(stub, follower, 30)
    seen: list[int] = []
    request = relation_pb2.GetFollowersRequest(followee_id=30, limit=2)
    while True:
        answer = await stub.GetFollowers(request)
        seen += [who.follower_id for who in answer.followers]
        if not answer.next_cursor:
            break
        request.cursor = answer.next_cursor
    assert seen == [35, 34, 33, 32, 31]
    second = relation_pb2.GetFollowersRequest(followee_id=30, limit=2, page=2)
    page = await stub.GetFollowers(second)
    assert ([who.follower_id for who in page.followers], page.total) == ([33, 32], 5)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (relation_pb2.GetFollowersRequest(followee_id=1000), "USER_NOT_FOUND"),
        (relation_pb2.GetFollowersRequest(followee_id=-1), "VALIDATION_FAILED"),
        (relation_pb2.GetFollowersRequest(followee_id=1, limit=101), "VALIDATION_FAILED"),
        (relation_pb2.GetFollowersRequest(followee_id=1, cursor="no cursor"), "INVALID_CURSOR"),
        (relation_pb2.GetFollowersRequest(followee_id=1, page=2**31 - 1), "VALIDATION_FAILED"),
    ],
)
async def test_a_list_that_can_not_be_says_why(
    stub: RelationServiceStub, request_: relation_pb2.GetFollowersRequest, code: str
) -> None:
    with pytest.raises(errors.AppError) as caught:
        await stub.GetFollowers(request_)
    assert caught.value.code == code


async def test_one_who_is_gone_is_shown_as_deleted(
    stub: RelationServiceStub, users: _Users
) -> None:
    await _follow(stub, 41, 40)
    users.gone.add(41)
    answer = await stub.GetFollowers(relation_pb2.GetFollowersRequest(followee_id=40))
    assert [(who.follower_id, who.username) for who in answer.followers] == [(0, "deleted")]


async def test_followers_are_streamed_in_batches_and_resume(stub: RelationServiceStub) -> None:
    for follower in range(51, 56):
        await _follow(stub, follower, 50)
    request = relation_pb2.StreamFollowersRequest(followee_id=50, batch_size=2)
    batches = [answer async for answer in stub.StreamFollowers(request)]
    assert [list(batch.follower_ids) for batch in batches] == [[51, 52], [53, 54], [55]]
    request.after_id = batches[0].last_id
    rest = [answer async for answer in stub.StreamFollowers(request)]
    assert [list(batch.follower_ids) for batch in rest] == [[53, 54], [55]]


async def test_followers_of_several_are_told_in_one_answer(stub: RelationServiceStub) -> None:
    for follower, followee in ((92, 90), (93, 90), (94, 90), (92, 91)):
        await _follow(stub, follower, followee)
    request = relation_pb2.BatchGetFollowerIdsRequest(limit=2)
    for followee_id, after_id in ((91, 0), (90, 0), (90, 93), (99, 0)):
        request.followees.add(followee_id=followee_id, after_id=after_id)
    answer = await stub.BatchGetFollowerIds(request)
    told = [(list(some.follower_ids), some.is_last) for some in answer.followers]
    assert told == [([92], True), ([92, 93], False), ([94], True), ([], True)]
    request.limit = 0
    with pytest.raises(errors.InvalidArgument):
        await stub.BatchGetFollowerIds(request)


async def test_relations_are_checked_in_one_go(stub: RelationServiceStub) -> None:
    await _follow(stub, 61, 62)
    request = relation_pb2.CheckRelationsRequest(user_id=62, ids=[61, 63, 61])
    answer = await stub.CheckRelations(request)
    told = [(row.user_id, row.following, row.followed_by) for row in answer.relations]
    assert told == [(61, False, True), (63, False, False)]
    with pytest.raises(errors.InvalidArgument):
        await stub.CheckRelations(relation_pb2.CheckRelationsRequest(user_id=1, ids=range(1, 102)))


async def test_follow_and_unfollow_are_published_in_order_under_the_followees_key(
    stub: RelationServiceStub, published: AIOKafkaConsumer
) -> None:
    await _follow(stub, 71, 70)
    await stub.Unfollow(relation_pb2.UnfollowRequest(follower_id=71, followee_id=70))
    seen: list[ProtobufMessage] = []
    while len(seen) < 2:
        record = await published.getone()
        if record.key == b"70":
            headers = dict(record.headers)
            seen.append(topics.unpack(headers["ce_type"].decode(), record.value))
    first, second = seen
    assert isinstance(first, FollowCreated)
    assert isinstance(second, FollowDeleted)
    assert (first.follower_id, second.follower_id) == (71, 71)


async def test_a_deleted_user_loses_every_relation_and_an_event_of_another_kind_changes_nothing(
    stub: RelationServiceStub, database_url: str
) -> None:
    await _follow(stub, 81, 80)
    await _follow(stub, 80, 82)
    async with open_database(database_url, PostgresSettings(), "test") as database:
        await _announce(database, UserCreated(user_id=80), UserDeleted(user_id=80))
    check = relation_pb2.CheckRelationsRequest(user_id=80, ids=[81, 82])

    async def no_relation_is_left() -> bool:
        answer = await stub.CheckRelations(check)
        return not any(row.following or row.followed_by for row in answer.relations)

    await eventually(no_relation_is_left, deadline_seconds=20)
    with pytest.raises(errors.NotFound):
        await _follow(stub, 81, 80)


async def _announce(database: Database, *events: topics.Event) -> None:
    """Publish events through the outbox of the service under test; its relay takes them all."""
    async with database.transaction() as connection:
        packed = [topics.pack(event) for event in events]
        await append(
            connection, [OutboxRecord(one.topic, one.key, one.type, one.value) for one in packed]
        )
