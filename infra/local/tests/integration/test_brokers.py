"""Both brokers carry messages; only Apache Kafka keeps them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from pinstack_local import kafka_jars
from pinstack_local.broker import EmbeddedBroker
from pinstack_local.errors import MissingTool
from pinstack_local.kafka import KafkaServer

from tests.builders import exists


def send(bootstrap: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    producer.produce("topic", key=b"key", value=value)
    assert producer.flush(20) == 0


def receive(bootstrap: str, group: str, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe(["topic"])
    messages = consumer.consume(count, timeout=20)
    consumer.commit(asynchronous=False)
    consumer.close()
    return [message.value() for message in messages]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path) as broker:
        yield broker


def test_the_embedded_broker_carries_messages(embedded: EmbeddedBroker) -> None:
    send(embedded.bootstrap_servers, b"hello")
    assert receive(embedded.bootstrap_servers, "group", 1) == [b"hello"]


def test_the_embedded_broker_leaves_nothing_running(embedded: EmbeddedBroker) -> None:
    pid = embedded.process.pid
    embedded.stop()
    assert pid is not None
    assert not exists(pid)
    assert embedded.process.outcome() == "exit code 0"


def test_the_embedded_broker_has_its_new_address_after_a_restart(embedded: EmbeddedBroker) -> None:
    embedded.process.kill()
    embedded.start()
    send(embedded.bootstrap_servers, b"again")
    assert receive(embedded.bootstrap_servers, "group", 1) == [b"again"]


@pytest.fixture
def _can_run_kafka() -> None:
    try:
        kafka_jars.require()
    except MissingTool as missing:
        pytest.skip(str(missing))


@pytest.mark.kafka
@pytest.mark.timeout(300)  # the first start on a machine fetches the jars
@pytest.mark.usefixtures("_can_run_kafka")
def test_kafka_keeps_messages_and_offsets_over_a_restart(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        pid = server.process.pid
        send(server.bootstrap_servers, b"one")
        assert receive(server.bootstrap_servers, "group", 1) == [b"one"]
        send(server.bootstrap_servers, b"two")
    assert pid is not None
    assert not exists(pid)
    with KafkaServer(tmp_path) as server:
        assert receive(server.bootstrap_servers, "group", 1) == [b"two"]
        assert receive(server.bootstrap_servers, "another group", 2) == [b"one", b"two"]


@pytest.mark.kafka
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("_can_run_kafka")
def test_kafka_takes_an_id_of_its_cluster_that_begins_with_a_dash(tmp_path: Path) -> None:
    (tmp_path / "cluster-id").write_text("-" + "A" * 21)
    with KafkaServer(tmp_path) as server:
        send(server.bootstrap_servers, b"one")


@pytest.mark.kafka
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("_can_run_kafka")
def test_three_brokers_survive_the_loss_of_one(tmp_path: Path) -> None:
    with KafkaServer(tmp_path, brokers=3) as server:
        send(server.bootstrap_servers, b"before")
        server.processes[0].kill()
        send(server.bootstrap_servers, b"after")
        assert receive(server.bootstrap_servers, "group", 2) == [b"before", b"after"]
