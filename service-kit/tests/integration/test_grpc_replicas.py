"""Two replicas of a server: one ends under steady calls, and nobody notices."""

import asyncio
from contextlib import AsyncExitStack

import grpc
from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from service_kit import grpc_client, grpc_server
from service_kit.config import GrpcSettings
from service_kit.grpc_server import Context
from service_kit.testing import eventually

USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]
CALLERS = 30


class _Users(user_pb2_grpc.UserServiceServicer):
    """Takes a moment to change somebody, and knows the connections over which it was asked."""

    def __init__(self) -> None:
        self.peers: set[str] = set()

    async def UpdateUser(
        self, request: user_pb2.UpdateUserRequest, context: Context
    ) -> user_pb2.User:
        self.peers.add(context.peer())
        await asyncio.sleep(0.005)
        return user_pb2.User(id=request.id)


def _register(server: grpc.aio.Server) -> _Users:
    users = _Users()  # type: ignore[abstract]  # only what the test calls
    user_pb2_grpc.add_UserServiceServicer_to_server(users, server)
    return users


async def test_calls_that_are_never_repeated_survive_the_end_of_a_replica() -> None:
    settings, names, done, over = GrpcSettings(), [USERS.full_name], 0, False

    async def calling(stub: user_pb2_grpc.UserServiceStub) -> None:
        nonlocal done
        while not over:
            await stub.UpdateUser(user_pb2.UpdateUserRequest(id=1))
            done += 1

    async with AsyncExitStack() as staying, AsyncExitStack() as ending:
        ports = [
            (
                await stack.enter_async_context(
                    grpc_server.serve(("127.0.0.1", 0), _register, names, settings, 5)
                )
            ).port
            for stack in (staying, ending)
        ]
        address = ",".join(f"127.0.0.1:{port}" for port in ports)
        channel = await staying.enter_async_context(
            grpc_client.open_channel(address, USERS, settings)
        )
        async with asyncio.TaskGroup() as callers:
            for _ in range(CALLERS):
                callers.create_task(calling(user_pb2_grpc.UserServiceStub(channel)))
            await eventually(lambda: done >= 10 * CALLERS)
            await ending.aclose()
            answered = done
            await eventually(lambda: done >= answered + 10 * CALLERS)
            over = True


async def test_connections_that_are_renewed_under_load_lose_no_call() -> None:
    """Ten times a second here; a client that connects anew finds the replicas of that moment."""
    settings, done, over = GrpcSettings(connection_seconds=0.1), 0, False
    made: list[_Users] = []

    async def calling(stub: user_pb2_grpc.UserServiceStub) -> None:
        nonlocal done
        while not over:
            await stub.UpdateUser(user_pb2.UpdateUserRequest(id=1))
            done += 1

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            grpc_server.serve(
                ("127.0.0.1", 0),
                lambda server: made.append(_register(server)),
                [USERS.full_name],
                settings,
                5,
            )
        )
        channel = await stack.enter_async_context(
            grpc_client.open_channel(f"127.0.0.1:{server.port}", USERS, settings)
        )
        async with asyncio.TaskGroup() as callers:
            for _ in range(CALLERS):
                callers.create_task(calling(user_pb2_grpc.UserServiceStub(channel)))
            await eventually(lambda: len(made[0].peers) >= 10, 30, "ten connections")
            over = True
    assert done > 10 * CALLERS
