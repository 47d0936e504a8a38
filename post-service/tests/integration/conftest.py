"""The running service, and a stub that calls it as other services do."""

from collections.abc import AsyncIterator

import pytest
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.post.v1.post_pb2_grpc import PostServiceStub
from pydantic import SecretStr
from service_kit import grpc_client
from service_kit.config import GrpcSettings, KafkaSettings, RedisSettings
from service_kit.runtime import Running

from post_service.config import Settings
from post_service.main import running

POSTS = post_pb2.DESCRIPTOR.services_by_name["PostService"]


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
async def stub(service: Running) -> AsyncIterator[PostServiceStub]:
    address = f"127.0.0.1:{service.port}"
    async with grpc_client.open_channel(address, POSTS, GrpcSettings()) as channel:
        yield PostServiceStub(channel)
