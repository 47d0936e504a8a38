"""The running service, and a stub that calls it as other services do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pinstack_proto.post.v1 import media_pb2, post_pb2
from pinstack_proto.post.v1.media_pb2_grpc import MediaServiceStub
from pinstack_proto.post.v1.post_pb2_grpc import PostServiceStub
from pydantic import SecretStr
from service_kit import grpc_client
from service_kit.config import GrpcSettings, KafkaSettings
from service_kit.runtime import Running

from post_service.config import MediaSettings, Settings
from post_service.main import running

MEDIA_URL = "https://media.example.com/media"
QUOTA = 4 * 1024 * 1024
MEDIA = media_pb2.DESCRIPTOR.services_by_name["MediaService"]
POSTS = post_pb2.DESCRIPTOR.services_by_name["PostService"]


@pytest.fixture(scope="module")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service puts files."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
async def service(
    database_url: str, kafka_bootstrap: str, media_folder: Path
) -> AsyncIterator[Running]:
    settings = Settings(
        grpc_port=0,
        admin_port=0,
        database_url=SecretStr(database_url),
        kafka=KafkaSettings(bootstrap_servers=kafka_bootstrap),
        media=MediaSettings(store=media_folder.as_uri(), url=MEDIA_URL, quota_bytes=QUOTA),
    )
    async with running(settings) as up:
        yield up


@pytest.fixture(scope="module")
async def stub(service: Running) -> AsyncIterator[PostServiceStub]:
    address = f"127.0.0.1:{service.port}"
    async with grpc_client.open_channel(address, POSTS, GrpcSettings()) as channel:
        yield PostServiceStub(channel)


@pytest.fixture(scope="module")
async def media(service: Running) -> AsyncIterator[MediaServiceStub]:
    address = f"127.0.0.1:{service.port}"
    async with grpc_client.open_channel(address, MEDIA, GrpcSettings()) as channel:
        yield MediaServiceStub(channel)
