"""A real Redis: it starts, keeps its data, and leaves nothing running."""

import socket
from pathlib import Path

from pinstack_local.redis_server import RedisServer

from tests.builders import exists


def command(server: RedisServer, line: str) -> str:
    """Send one inline command, and return the first line or bulk of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(f"{line}\r\n".encode())
        return connection.recv(1000).decode().split("\r\n", 1)[-1].strip()


def test_it_answers(tmp_path: Path) -> None:
    with RedisServer(tmp_path, durable=False) as server:
        assert server.url() == f"redis://127.0.0.1:{server.port}/0"
        command(server, "SET a 1")
        assert command(server, "GET a") == "1"


def test_data_survives_a_restart_and_nothing_is_left_running(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        command(server, "SET a 42")
        pid = server.process.pid
    assert pid is not None
    assert not exists(pid)
    assert server.process.outcome() == "exit code 0"
    with RedisServer(tmp_path) as server:
        assert command(server, "GET a") == "42"


def test_two_servers_run_side_by_side(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "a") as one, RedisServer(tmp_path / "b") as two:
        command(one, "SET a 1")
        assert command(two, "EXISTS a") == ""
        assert one.port != two.port
