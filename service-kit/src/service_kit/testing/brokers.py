"""Kafka for tests: the embedded broker for most of them, Apache Kafka for those that need it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pinstack_local.broker import EmbeddedBroker
from pinstack_local.errors import LocalStackError
from pinstack_local.kafka import KafkaServer
from service_kit.testing.containers import docker_answers

_IMAGE = "confluentinc/cp-kafka:7.9.4"


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The `host:port` of an embedded broker that is this session's own.

    Topics and groups have fixed names: on a shared broker the tests of one service would take in
    the events of another's. This one serves one consumer a group, has four partitions a topic, and
    forgets; what needs more takes `real_kafka_bootstrap` and topics with names of its own.
    """
    folder = tempfile.TemporaryDirectory(prefix="pinstack-test-")
    with folder as path, EmbeddedBroker(Path(path)) as broker:
        yield broker.bootstrap_servers


@pytest.fixture(scope="session")
def real_kafka_bootstrap() -> Iterator[str]:
    """An Apache Kafka's `host:port`; skips the test, with the reason, where none can be had.

    From PINSTACK_TEST_KAFKA, else a container where Docker answers, else the local stack's.
    """
    address = os.environ.get("PINSTACK_TEST_KAFKA")
    if address and os.environ.get("PINSTACK_TEST_KAFKA_KIND") != "embedded":
        yield address
    elif docker_answers():
        yield from _containerized()
    else:
        with tempfile.TemporaryDirectory(prefix="pinstack-test-") as folder:
            server = KafkaServer(Path(folder))
            try:
                server.start()
            except LocalStackError as reason:
                pytest.skip(f"no Apache Kafka here: {reason}")
            try:
                yield server.bootstrap_servers
            finally:
                server.stop()


def _containerized() -> Iterator[str]:
    from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415 - only where Docker is

    with KafkaContainer(_IMAGE).with_kraft() as server:
        yield server.get_bootstrap_server()
