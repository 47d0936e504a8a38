"""A call from one process to another: errors, deadlines, retries, context, the end of a server."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import cast

import grpc
import pytest
import structlog
from pinstack_proto.relation.v1 import relation_pb2, relation_pb2_grpc
from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from service_kit import deadlines, errors, grpc_client, grpc_server
from service_kit.config import GrpcSettings
from service_kit.errors import AppError, FieldViolation
from service_kit.grpc_server import Context

USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]
RELATIONS = relation_pb2.DESCRIPTOR.services_by_name["RelationService"]
Behaviour = Callable[[user_pb2.GetUserRequest, Context], Awaitable[user_pb2.User]]


class _Users(user_pb2_grpc.UserServiceServicer):
    """Answers GetUser as each test says."""

    behaviour: Behaviour

    async def GetUser(self, request: user_pb2.GetUserRequest, context: Context) -> user_pb2.User:
        return await self.behaviour(request, context)


_ENDLESS = 7
"""Whose followers never end."""


class _Relations(relation_pb2_grpc.RelationServiceServicer):
    """A follower, and then an error; `is_left` once somebody left an endless stream."""

    def __init__(self) -> None:
        self.is_left = asyncio.Event()

    async def StreamFollowers(
        self, request: relation_pb2.StreamFollowersRequest, context: Context
    ) -> AsyncIterator[relation_pb2.StreamFollowersResponse]:
        yield relation_pb2.StreamFollowersResponse(follower_ids=[1], last_id=1)
        if request.followee_id == _ENDLESS:
            try:
                await asyncio.Event().wait()
            finally:
                self.is_left.set()
        raise errors.NotFound("user not found", code="USER_NOT_FOUND")


@pytest.fixture(scope="module")
def users() -> _Users:
    return _Users()  # type: ignore[abstract]  # only what the tests call


@pytest.fixture(scope="module")
def relations() -> _Relations:
    return _Relations()  # type: ignore[abstract]  # only what the tests call


@pytest.fixture(scope="module")
async def port(users: _Users, relations: _Relations) -> AsyncIterator[int]:
    def register(server: grpc.aio.Server) -> None:
        user_pb2_grpc.add_UserServiceServicer_to_server(users, server)
        relation_pb2_grpc.add_RelationServiceServicer_to_server(relations, server)

    names = [USERS.full_name, RELATIONS.full_name]
    serving = grpc_server.serve(("127.0.0.1", 0), register, names, GrpcSettings(), 0)
    async with serving as server:
        yield server.port


@pytest.fixture(scope="module")
async def stub(port: int) -> AsyncIterator[user_pb2_grpc.UserServiceStub]:
    async with grpc_client.open_channel(f"127.0.0.1:{port}", USERS, GrpcSettings()) as channel:
        yield user_pb2_grpc.UserServiceStub(channel)


def _raising(error: Exception) -> Behaviour:
    async def behaviour(_request: user_pb2.GetUserRequest, _context: Context) -> user_pb2.User:
        raise error

    return behaviour


async def _failure(stub: user_pb2_grpc.UserServiceStub) -> AppError:
    with pytest.raises(AppError) as caught:
        await stub.GetUser(user_pb2.GetUserRequest(id=1))
    return caught.value


async def test_an_error_with_thousands_of_violations_arrives_with_the_first_of_them(
    users: _Users, stub: user_pb2_grpc.UserServiceStub
) -> None:
    violations = [FieldViolation(f"media.{number}.url", "is odd") for number in range(5000)]
    users.behaviour = _raising(errors.InvalidArgument(violations=violations))
    error = await _failure(stub)
    assert type(error) is errors.InvalidArgument
    told = error.violations
    assert told == tuple(violations[: len(told)])
    assert len(told) > 50


@pytest.mark.parametrize("kind", errors.KINDS[:-1])
async def test_an_error_arrives_as_it_was_raised(
    kind: type[AppError], users: _Users, stub: user_pb2_grpc.UserServiceStub
) -> None:
    raised = kind(
        "what happened",
        code="WHAT_HAPPENED",
        violations=[FieldViolation("email", "is odd")],
        retry_after=1.5,
    )
    users.behaviour = _raising(raised)
    error = await _failure(stub)
    assert type(error) is kind
    assert (error.code, error.message) == ("WHAT_HAPPENED", "what happened")
    assert error.violations == raised.violations
    assert error.retry_after == 1.5


async def test_a_defect_arrives_without_detail(
    users: _Users, stub: user_pb2_grpc.UserServiceStub
) -> None:
    users.behaviour = _raising(RuntimeError("password is hunter22"))
    error = await _failure(stub)
    assert type(error) is errors.Internal
    assert error.message == "internal error"


async def test_an_error_in_the_middle_of_a_stream_arrives_after_what_came_before(
    port: int,
) -> None:
    seen: list[int] = []
    address = f"127.0.0.1:{port}"
    async with grpc_client.open_channel(address, RELATIONS, GrpcSettings()) as channel:
        relations = relation_pb2_grpc.RelationServiceStub(channel)
        request = relation_pb2.StreamFollowersRequest(followee_id=1)
        answers = aiter(relations.StreamFollowers(request))
        seen += (await anext(answers)).follower_ids
        with pytest.raises(errors.NotFound, match="user not found"):
            await anext(answers)
    assert seen == [1]


async def test_a_stream_that_is_given_up_ends_at_the_server(
    port: int, relations: _Relations
) -> None:
    address = f"127.0.0.1:{port}"
    async with grpc_client.open_channel(address, RELATIONS, GrpcSettings()) as channel:
        stub = relation_pb2_grpc.RelationServiceStub(channel)
        request = relation_pb2.StreamFollowersRequest(followee_id=_ENDLESS)
        answers = cast("AsyncGenerator[object, None]", stub.StreamFollowers(request))
        await anext(answers)
        await answers.aclose()
        async with asyncio.timeout(5):
            await relations.is_left.wait()


async def test_a_call_that_takes_too_long_ends_at_the_callers_deadline(
    users: _Users, stub: user_pb2_grpc.UserServiceStub
) -> None:
    async def never(_request: user_pb2.GetUserRequest, _context: Context) -> user_pb2.User:
        await asyncio.Event().wait()
        raise AssertionError

    users.behaviour = never
    with deadlines.within(0.05):
        error = await _failure(stub)
    assert type(error) is errors.DeadlineExceeded


async def test_the_time_that_is_left_and_the_request_id_travel_with_the_call(
    users: _Users, stub: user_pb2_grpc.UserServiceStub
) -> None:
    async def tell(_request: user_pb2.GetUserRequest, _context: Context) -> user_pb2.User:
        context = structlog.contextvars.get_contextvars()
        return user_pb2.User(id=int(deadlines.remaining(99) * 1000), username=context["request_id"])

    users.behaviour = tell
    structlog.contextvars.bind_contextvars(request_id="r-7")
    with deadlines.within(1.0):
        answer = await stub.GetUser(user_pb2.GetUserRequest(id=1))
    structlog.contextvars.clear_contextvars()
    assert answer.username == "r-7"
    assert 0 < answer.id < 2000  # gRPC rounds a timeout up


async def test_a_read_is_sent_again_when_the_service_was_unavailable_for_a_moment(
    users: _Users, stub: user_pb2_grpc.UserServiceStub
) -> None:
    calls: list[int] = []

    async def second_time(_request: user_pb2.GetUserRequest, context: Context) -> user_pb2.User:
        calls.append(1)
        if len(calls) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
        return user_pb2.User(id=1)

    users.behaviour = second_time
    assert (await stub.GetUser(user_pb2.GetUserRequest(id=1))).id == 1
    assert len(calls) == 2


async def test_a_service_that_is_not_there_is_unavailable_at_once(port: int) -> None:
    async with grpc_client.open_channel("127.0.0.1:1", USERS, GrpcSettings()) as channel:
        error = await _failure(user_pb2_grpc.UserServiceStub(channel))
    assert type(error) is errors.Unavailable
    assert error.message == "external service unavailable"


async def test_a_server_that_stops_lets_the_calls_in_flight_end() -> None:
    users = _Users()  # type: ignore[abstract]  # only what the test calls
    arrived, may_end = asyncio.Event(), asyncio.Event()

    async def slow(_request: user_pb2.GetUserRequest, _context: Context) -> user_pb2.User:
        arrived.set()
        await may_end.wait()
        return user_pb2.User(id=7)

    users.behaviour = slow
    async with grpc_server.serve(
        ("127.0.0.1", 0),
        lambda server: user_pb2_grpc.add_UserServiceServicer_to_server(users, server),
        [USERS.full_name],
        GrpcSettings(),
        drain_seconds=5,
    ) as server:
        address = f"127.0.0.1:{server.port}"
        channel = grpc_client.open_channel(address, USERS, GrpcSettings())
        stub = user_pb2_grpc.UserServiceStub(await channel.__aenter__())
        call = asyncio.create_task(_answered(stub))
        await arrived.wait()
        asyncio.get_running_loop().call_later(0.05, may_end.set)
    assert await call == 7
    await channel.__aexit__(None, None, None)


async def _answered(stub: user_pb2_grpc.UserServiceStub) -> int:
    return (await stub.GetUser(user_pb2.GetUserRequest(id=1))).id


async def test_a_taken_port_is_an_error_that_names_it(port: int) -> None:
    with pytest.raises(OSError, match=str(port)):
        async with grpc_server.serve(
            ("127.0.0.1", port), lambda _server: None, [], GrpcSettings(), 0
        ):
            pass
