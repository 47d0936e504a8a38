"""Every process gets ports, as told or free ones."""

import socket
from pathlib import Path

import pytest
from pinstack_local import ports
from pinstack_local.errors import InvalidSetting, PortsTaken
from pinstack_local.layout import Layout
from pinstack_local.settings import StackSettings

from tests.builders import stack_settings


def test_without_ports_everything_gets_a_different_free_one(tmp_path: Path) -> None:
    layout = Layout(StackSettings(data_dir=tmp_path))
    found = [layout.postgres_port, layout.redis_port]
    for instance in layout.instances:
        found += [instance.port, instance.admin_port]
    assert len(set(found)) == len(found) == 14


def test_the_first_replica_has_the_port_that_was_asked_for_and_the_others_free_ones(
    tmp_path: Path,
) -> None:
    settings = stack_settings(
        tmp_path, ports={"USER_GRPC_PORT": 50051}, replicas={"user-service": 3}
    )
    users = [each for each in Layout(settings).instances if each.spec.name == "user-service"]
    assert [each.name for each in users] == ["user-service", "user-service-2", "user-service-3"]
    assert users[0].port == 50051
    assert len({each.port for each in users}) == 3


def test_replicas_of_a_service_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="tea-service"):
        Layout(stack_settings(tmp_path, replicas={"tea-service": 2}))


def test_a_stack_without_services_does_not_mind_who_has_their_ports(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ports = {"USER_GRPC_PORT": server.getsockname()[1]}
        with pytest.raises(PortsTaken):
            claim(stack_settings(tmp_path, ports=ports))
        claim(stack_settings(tmp_path, ports=ports, with_services=False))


def test_kafka_wants_a_port_for_each_broker_and_the_embedded_broker_none(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        second = server.getsockname()[1]
        told = {"PINSTACK_KAFKA_PORT": second - 1}
        claim(stack_settings(tmp_path, ports=told))
        with pytest.raises(PortsTaken, match=f"port {second}.*PINSTACK_KAFKA_PORT"):
            claim(stack_settings(tmp_path, ports=told, broker="kafka", kafka_brokers=2))


def claim(settings: StackSettings) -> None:
    """Have the ports of a stack for a moment. Raises PortsTaken."""
    with Layout(settings).claimed_ports():
        pass


def test_free_ports_are_the_stacks_own_while_it_lives(tmp_path: Path) -> None:
    layout = Layout(StackSettings(data_dir=tmp_path))
    mine = [layout.postgres_port, layout.redis_port]
    mine += [port for each in layout.instances for port in (each.port, each.admin_port)]
    with layout.claimed_ports():
        assert not any(map(ports.is_unclaimed, mine))
    assert all(map(ports.is_unclaimed, mine))
