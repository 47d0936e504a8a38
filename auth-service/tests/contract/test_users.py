"""One suite for the users, in memory and over gRPC."""

from collections.abc import AsyncIterator

import pytest
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit.config import GrpcSettings
from service_kit.errors import AlreadyExists, Unavailable
from service_kit.grpc_client import open_channel

from auth_service.adapters.user_client import GrpcUsers
from auth_service.application.ports import Users
from tests.builders import profile
from tests.fakes.outside import MADE_AT, InMemoryUsers
from tests.user_service import SERVICE, user_service


@pytest.fixture
def behind() -> InMemoryUsers:
    """The users that both variants have behind them."""
    return InMemoryUsers()


@pytest.fixture(params=["memory", "grpc"])
async def users(request: pytest.FixtureRequest, behind: InMemoryUsers) -> AsyncIterator[Users]:
    if request.param == "memory":
        yield behind
        return
    async with (
        user_service(behind) as address,
        open_channel(address, SERVICE, GrpcSettings()) as channel,
    ):
        yield GrpcUsers(UserServiceStub(channel))


async def test_the_same_key_makes_the_same_user(users: Users, behind: InMemoryUsers) -> None:
    first = await users.create(profile("ann"), "key 1")
    assert await users.create(profile("ann"), "key 1") == first
    assert behind.by_id == {first.id: profile("ann")}
    assert first.made_at == MADE_AT


async def test_a_taken_name_is_refused_with_its_code(users: Users) -> None:
    await users.create(profile("ann"), "key 1")
    with pytest.raises(AlreadyExists, match="username already exists") as refused:
        await users.create(profile("ANN"), "key 2")
    assert refused.value.code == "USERNAME_TAKEN"


async def test_a_user_is_found_by_name_and_by_e_mail(users: Users) -> None:
    user_id = (await users.create(profile("ann"), "key 1")).id
    assert await users.find("Ann") == user_id
    assert await users.find("ann@EXAMPLE.com") == user_id
    assert await users.find("bob") is None
    assert await users.find("bob@example.com") is None
    assert await users.names(user_id) == ("ann", "ann@example.com")
    assert await users.names(99) == ()


async def test_deleting_twice_is_harmless(users: Users) -> None:
    user_id = (await users.create(profile("ann"), "key 1")).id
    for _ in range(2):
        await users.delete(user_id)
    assert await users.find("ann") is None


async def test_a_service_that_is_away_is_unavailable(users: Users, behind: InMemoryUsers) -> None:
    def away(_step: str) -> None:
        raise Unavailable

    behind.fault = away
    with pytest.raises(Unavailable):
        await users.create(profile("ann"), "key 1")
    with pytest.raises(Unavailable):
        await users.find("ann")
