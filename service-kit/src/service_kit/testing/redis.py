"""Redis for tests: a logical database a test file, empty at its start."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from pinstack_local.redis_server import RedisServer
from service_kit.testing.containers import docker_answers

_IMAGE = "redis:8-alpine"
_DATABASES = range(1, 16)  # 16 is what a server has by default; 0 holds the claims
_CLAIM_SECONDS = 3600


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    """A Redis server's address (database 0).

    From PINSTACK_TEST_REDIS_URL, else a container where Docker answers, else the local stack's.
    """
    if address := os.environ.get("PINSTACK_TEST_REDIS_URL"):
        yield address
    elif docker_answers():
        yield from _containerized()
    else:
        folder = tempfile.TemporaryDirectory(prefix="pinstack-test-")
        with folder as path, RedisServer(Path(path), durable=False) as server:
            yield server.url()


@pytest.fixture(scope="module")
def redis_url(redis_server_url: str) -> Iterator[str]:
    """A logical database that no other test file uses at the same time."""
    with redis.Redis.from_url(redis_server_url) as server:
        number = next(
            number
            for number in _DATABASES
            if server.set(_claim(number), os.getpid(), nx=True, ex=_CLAIM_SECONDS)
        )
        address = urlunsplit(urlsplit(redis_server_url)._replace(path=f"/{number}"))
        with redis.Redis.from_url(address) as database:
            database.flushdb()
        yield address
        server.delete(_claim(number))


def _claim(number: int) -> str:
    return f"pinstack-test-database-{number}"


def _containerized() -> Iterator[str]:
    from testcontainers.community.redis import RedisContainer  # noqa: PLC0415 - only where Docker is

    with RedisContainer(_IMAGE) as server:
        yield f"redis://{server.get_container_host_ip()}:{server.get_exposed_port(6379)}/0"
