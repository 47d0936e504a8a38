"""Ports are checked before anything starts, and the message says what to do."""

import os
import socket
from collections.abc import Iterator

import pytest
from pinstack_local import ports
from pinstack_local.errors import PortsTaken
from pinstack_local.ports import WantedPort


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_accepted() -> None:
    ports.require_free([WantedPort(ports.free_port(), "GATEWAY_PORT", "api-gateway")])


def test_a_taken_port_is_named_with_its_variable_its_purpose_and_its_holder(
    taken_port: int,
) -> None:
    with pytest.raises(PortsTaken) as caught:
        ports.require_free([WantedPort(taken_port, "GATEWAY_PORT", "api-gateway")])
    message = str(caught.value)
    assert f"port {taken_port}, wanted for api-gateway, is in use by" in message
    assert f"(pid {os.getpid()})" in message
    assert "set GATEWAY_PORT to a free port" in message
    assert caught.value.exit_code == 2


def test_all_taken_ports_are_named_at_once(taken_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortsTaken) as caught:
        ports.require_free(
            [
                WantedPort(taken_port, "USER_GRPC_PORT", "user-service"),
                WantedPort(other.getsockname()[1], "PINSTACK_REDIS_PORT", "Redis"),
            ]
        )
    assert "USER_GRPC_PORT" in str(caught.value)
    assert "PINSTACK_REDIS_PORT" in str(caught.value)


def test_two_variables_with_the_same_port_are_refused() -> None:
    port = ports.free_port()
    with pytest.raises(PortsTaken, match=r"wanted twice, by USER_GRPC_PORT .* and AUTH_GRPC_PORT"):
        ports.require_free(
            [
                WantedPort(port, "USER_GRPC_PORT", "user-service"),
                WantedPort(port, "AUTH_GRPC_PORT", "auth-service"),
            ]
        )


def test_a_listener_on_all_addresses_takes_the_port_too() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 -- that is the case
        assert not ports.is_free(server.getsockname()[1])


def test_a_listener_that_shares_its_port_takes_it_too() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as server:
        assert not ports.is_free(server.getsockname()[1])


@pytest.fixture
def connection_port() -> Iterator[int]:
    """A port that an outgoing connection has, and no server."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as connection,
    ):
        yield connection.getsockname()[1]


def test_a_mere_connection_is_told_from_a_server_because_it_passes(
    taken_port: int, connection_port: int
) -> None:
    connection = WantedPort(connection_port, "USER_GRPC_PORT", "user-service")
    with pytest.raises(
        PortsTaken, match=r"an outgoing connection of .*set USER_GRPC_PORT"
    ) as caught:
        ports.require_free([connection])
    assert caught.value.passing
    server = WantedPort(taken_port, "GATEWAY_PORT", "api-gateway")
    with pytest.raises(PortsTaken) as caught:
        ports.require_free([connection, server])
    assert not caught.value.passing


def test_free_ports_differ() -> None:
    assert len(set(ports.free_ports(20))) == 20


def test_the_kernel_gives_no_free_port_to_an_outgoing_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert max(ports.free_ports(20)) < server.getsockname()[1]


def test_what_somebody_keeps_for_a_server_is_claimed() -> None:
    port = ports.free_port()
    assert ports.is_unclaimed(port)
    with ports.reserved([port]):
        assert not ports.is_unclaimed(port)
        with socket.create_server(("127.0.0.1", port)):
            assert not ports.is_unclaimed(port)


def test_a_reserved_port_goes_to_its_server_and_to_nobody_else() -> None:
    port = ports.free_port()
    with ports.reserved([port]):
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)):
            assert ports.accepts(port)
        with socket.create_server(("127.0.0.1", port)):
            assert ports.accepts(port)
