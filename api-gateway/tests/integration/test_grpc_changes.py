"""The followers of changes, against services in this process."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.user.v1 import user_pb2
from service_kit.errors import Unavailable
from service_kit.testing import eventually

from api_gateway.adapters.grpc.changes import GrpcPostChanges, GrpcUserChanges, follow
from api_gateway.application.changes import Changed, KnownChanges
from tests.fakes.changes import InMemoryChanges
from tests.fakes.upstream import Upstream, upstream

USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]
POSTS = post_pb2.DESCRIPTOR.services_by_name["PostService"]


@pytest.fixture
async def users() -> AsyncIterator[Upstream]:
    async with upstream(USERS) as there:
        yield there


@pytest.fixture
async def posts() -> AsyncIterator[Upstream]:
    async with upstream(POSTS) as there:
        yield there


async def test_changes_of_profiles_follow_a_cursor(users: Upstream) -> None:
    answer = user_pb2.ListUserChangesResponse(user_ids=[3, 4], cursor="b", is_reset=True)
    users.answers["ListUserChanges"] = answer
    found = await GrpcUserChanges(users.channel).since("a")
    assert found == Changed((3, 4), "b", is_reset=True)
    assert users.asked("ListUserChanges") == user_pb2.ListUserChangesRequest(cursor="a")


async def test_changes_of_posts_follow_a_cursor(posts: Upstream) -> None:
    answer = post_pb2.ListPostChangesResponse(author_ids=[3], cursor="b")
    posts.answers["ListPostChanges"] = answer
    assert await GrpcPostChanges(posts.channel).since("a") == Changed((3,), "b")
    assert posts.asked("ListPostChanges") == post_pb2.ListPostChangesRequest(cursor="a")


async def test_a_service_that_is_away_is_asked_until_it_is_back() -> None:
    now, feed = [1000.0], InMemoryChanges()
    known = KnownChanges(feed, lambda: now[0])
    feed.failure = Unavailable()
    following = asyncio.create_task(follow(known, "posts"))
    try:
        await eventually(lambda: feed.asked > 1)
        assert not known.confirm(7, 1001.0)
        feed.failure = None
        await eventually(lambda: known.confirm(7, 1000.5))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
