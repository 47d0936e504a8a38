"""Services that know each other by certificates; whoever has none is not let in."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest
from pinstack_local import certificates
from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from service_kit import errors, grpc_client, grpc_server
from service_kit.config import GrpcSettings
from service_kit.grpc_server import Context

USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]
HOST = "127.0.0.1"


class _Users(user_pb2_grpc.UserServiceServicer):
    async def GetUser(self, request: user_pb2.GetUserRequest, context: Context) -> user_pb2.User:
        return user_pb2.User(id=request.id)


def _register(server: grpc.aio.Server) -> None:
    user_pb2_grpc.add_UserServiceServicer_to_server(
        _Users(),  # type: ignore[abstract]  # only what the test calls
        server,
    )


def _settings(folder: Path, name: str, authority: Path | None = None) -> GrpcSettings:
    own, trusted = certificates.variables(folder, name), authority or folder
    return GrpcSettings(
        tls_cert=own["GRPC_TLS_CERT"],
        tls_key=own["GRPC_TLS_KEY"],
        tls_ca=certificates.variables(trusted, name)["GRPC_TLS_CA"],
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("certificates")
    certificates.ensure(made, ["user-service", "api-gateway"], [HOST])
    return made


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("foreign")
    certificates.ensure(made, ["api-gateway"], [HOST])
    return made


@pytest.fixture(scope="module")
async def addresses(folder: Path) -> AsyncIterator[list[str]]:
    """Two replicas."""
    settings = _settings(folder, "user-service")
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(
                grpc_server.serve((HOST, 0), _register, [USERS.full_name], settings, 0)
            )
            for _ in range(2)
        ]
        yield [f"{HOST}:{server.port}" for server in servers]


async def _ask(address: str, settings: GrpcSettings) -> int:
    async with grpc_client.open_channel(address, USERS, settings) as channel:
        stub = user_pb2_grpc.UserServiceStub(channel)
        return (await stub.GetUser(user_pb2.GetUserRequest(id=7))).id


async def test_who_has_a_certificate_is_served_by_one_and_by_several_replicas(
    addresses: list[str], folder: Path
) -> None:
    settings = _settings(folder, "api-gateway")
    port = addresses[0].rpartition(":")[2]
    for address in (addresses[0], f"localhost:{port}", ",".join(addresses)):
        assert await _ask(address, settings) == 7


async def test_who_has_none_or_one_of_a_foreign_authority_is_not(
    addresses: list[str], folder: Path, foreign: Path
) -> None:
    stranger = _settings(foreign, "api-gateway", authority=folder)
    for settings in (GrpcSettings(), stranger):
        with pytest.raises(errors.Unavailable):
            await _ask(addresses[0], settings)


async def test_a_server_of_a_foreign_authority_is_not_believed(
    addresses: list[str], folder: Path, foreign: Path
) -> None:
    with pytest.raises(errors.Unavailable):
        await _ask(addresses[0], _settings(folder, "api-gateway", authority=foreign))
