"""The running service, and a stub that calls it as other services do."""

from collections.abc import AsyncIterator

import pytest
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from pydantic import SecretStr
from service_kit import grpc_client
from service_kit.config import GrpcSettings, KafkaSettings, RedisSettings
from service_kit.runtime import Running

from user_service.config import Settings
from user_service.main import running

USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]


@pytest.fixture(scope="module")
async def service(
    database_url: str, kafka_bootstrap: str, redis_url: str
) -> AsyncIterator[Running]:
    settings = Settings(
        grpc_port=0,
        admin_port=0,
        database_url=SecretStr(database_url),
        kafka=KafkaSettings(bootstrap_servers=kafka_bootstrap),
        redis=RedisSettings(url=SecretStr(redis_url)),
    )
    async with running(settings) as up:
        yield up


@pytest.fixture(scope="module")
async def stub(service: Running) -> AsyncIterator[UserServiceStub]:
    address = f"127.0.0.1:{service.port}"
    async with grpc_client.open_channel(address, USERS, GrpcSettings()) as channel:
        yield UserServiceStub(channel)
