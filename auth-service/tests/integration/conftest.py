"""The running service on real servers, and a stub that calls it as the gateway does."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from pydantic import SecretStr
from service_kit.config import GrpcSettings, KafkaSettings
from service_kit.grpc_client import open_channel

from auth_service.config import PeerSettings, SessionSettings, Settings
from auth_service.main import running
from tests.builders import cheap_hashes
from tests.fakes import InMemoryUsers
from tests.user_service import user_service

SERVICE = auth_pb2.DESCRIPTOR.services_by_name["AuthService"]
SECRET = "a secret of sixteen and more"


@pytest.fixture(scope="module")
def users() -> InMemoryUsers:
    """The users behind user-service."""
    return InMemoryUsers()


@pytest.fixture(autouse=True)
def _without_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "users" in request.fixturenames:
        request.getfixturevalue("users").fault = lambda _step: None


@pytest.fixture(scope="module")
async def user_address(users: InMemoryUsers) -> AsyncIterator[str]:
    async with user_service(users) as address:
        yield address


@pytest.fixture(scope="module")
def settings(database_url: str, kafka_bootstrap: str, user_address: str) -> Settings:
    """Cheap hashes, and short leases: what recovers does it within a second."""
    return Settings(
        grpc_port=0,
        admin_port=0,
        database_url=SecretStr(database_url),
        key_secret=SecretStr(SECRET),
        key_poll_seconds=0.1,
        registration_lease_seconds=0.5,
        recovery_seconds=0.1,
        kafka=KafkaSettings(bootstrap_servers=kafka_bootstrap),
        peers=PeerSettings(user_grpc_address=user_address),
        hashing=cheap_hashes(),
    )


@asynccontextmanager
async def replica_of(settings: Settings) -> AsyncIterator[AuthServiceStub]:
    """A running service and a stub of it."""
    async with (
        running(settings) as service,
        open_channel(f"127.0.0.1:{service.port}", SERVICE, GrpcSettings()) as channel,
    ):
        yield AuthServiceStub(channel)


@pytest.fixture(scope="module")
async def stub(settings: Settings) -> AsyncIterator[AuthServiceStub]:
    async with replica_of(settings) as made:
        yield made


@pytest.fixture(scope="module")
async def without_grace(settings: Settings) -> AsyncIterator[AuthServiceStub]:
    """A second replica, to which every spent token is replayed at once."""
    sessions = SessionSettings(refresh_grace_seconds=0)
    async with replica_of(settings.model_copy(update={"sessions": sessions})) as made:
        yield made
