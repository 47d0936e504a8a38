"""A stack of stand-in services on real infrastructure."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from pinstack_local import readiness
from pinstack_local.component import wait_all
from pinstack_local.errors import AlreadyRunning, PortsTaken, StartFailed
from pinstack_local.layout import Layout
from pinstack_local.ports import free_port
from pinstack_local.services import ServiceProcess
from pinstack_local.stack import Stack
from pinstack_local.waiting import wait_until

from tests.builders import exists, stack_settings, stand_in_gateway, stand_in_service


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = stack_settings(
        tmp_path_factory.mktemp("stack"),
        replicas={"user-service": 2},
        environment={"RATE_LIMIT_ENABLED": "false"},
    )
    with Stack(settings) as running:
        yield running


def variable(stack: Stack, name: str, variable_name: str) -> str:
    """What a stand-in finds in its environment."""
    instance = next(each for each in stack.layout.instances if each.name == name)
    return readiness.ask("127.0.0.1", instance.admin_port, f"/environment/{variable_name}").body


def test_every_process_is_there_by_name(stack: Stack) -> None:
    assert sorted(stack.processes) == [
        "api-gateway",
        "broker",
        "postgres",
        "redis",
        "user-service",
        "user-service-2",
    ]
    assert all(process.is_running() for process in stack.processes.values())


def test_the_gateway_answers_under_its_url(stack: Stack) -> None:
    port = int(stack.gateway_url.rpartition(":")[2])
    assert readiness.ask("127.0.0.1", port).status == 200


def test_a_service_finds_its_database_and_its_peers(stack: Stack) -> None:
    assert variable(stack, "user-service", "USER_GRPC_ADDRESS").count(",") == 1
    url = variable(stack, "user-service", "USER_DATABASE_URL")
    assert url == stack.database_url("user-service")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("user_service",)


def test_extra_variables_reach_every_service(stack: Stack) -> None:
    assert variable(stack, "user-service-2", "RATE_LIMIT_ENABLED") == "false"
    assert variable(stack, "api-gateway", "RATE_LIMIT_ENABLED") == "false"


def test_a_killed_service_can_be_started_again(stack: Stack) -> None:
    process = stack.processes["user-service"]
    before = process.pid
    process.kill()
    with pytest.raises(StartFailed, match="user-service: ended with signal SIGKILL"):
        stack.wait_ready("user-service")
    process.start()
    stack.wait_ready("user-service")
    assert process.pid != before


def test_a_suspended_service_is_not_ready_until_it_is_resumed(stack: Stack) -> None:
    process = stack.processes["user-service"]
    process.suspend()
    with pytest.raises(StartFailed, match="not ready after"):
        stack.wait_ready("user-service", timeout=0.1)
    process.resume()
    stack.wait_ready("user-service")


def test_two_stacks_run_side_by_side(stack: Stack, tmp_path: Path) -> None:
    with Stack(stack_settings(tmp_path)) as other:
        assert other.gateway_url != stack.gateway_url
        other.wait_ready()
        stack.wait_ready()


def test_a_second_stack_in_the_same_folder_is_refused(stack: Stack) -> None:
    with pytest.raises(AlreadyRunning, match=r"a stack already runs on .* \(pid \d+\)"):
        Stack(stack.settings).start()
    stack.wait_ready()


def test_nothing_runs_after_the_end_and_secrets_and_data_stay(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    with Stack(settings) as stack:
        pids = [process.pid for process in stack.processes.values()]
        secret = variable(stack, "user-service", "USER_KEY_SECRET")
        with psycopg.connect(stack.database_url("user-service")) as connection:
            connection.execute("CREATE TABLE t AS SELECT 42 AS n")
    assert not [pid for pid in pids if pid is None or exists(pid)]
    assert [path.name for path in (settings.data_dir / "run").iterdir()] == ["lock"]
    with Stack(settings) as stack:
        assert variable(stack, "user-service", "USER_KEY_SECRET") == secret
        with psycopg.connect(stack.database_url("user-service")) as connection:
            assert connection.execute("SELECT n FROM t").fetchone() == (42,)


def test_a_service_that_ends_fails_the_start_with_its_log_and_stops_everything(
    tmp_path: Path,
) -> None:
    services = (stand_in_service("user", "fail"), stand_in_gateway())
    stack = Stack(stack_settings(tmp_path, services=services))
    with pytest.raises(StartFailed, match="user-service: ended with exit code 1") as caught:
        stack.start()
    assert caught.value.log_lines(1) == ["the shop is closed: ADDRESS is not set"]
    assert not any(process.is_running() for process in stack.processes.values())


def test_a_service_that_is_not_ready_in_time_is_an_error_with_its_own_words(
    tmp_path: Path,
) -> None:
    settings = stack_settings(tmp_path, services=(stand_in_service("user", "unready"),))
    (instance,) = Layout(settings).instances
    variables = {"USER_GRPC_PORT": str(instance.port), "USER_ADMIN_PORT": str(instance.admin_port)}
    service = ServiceProcess(
        instance, lambda _: os.environ | variables, tmp_path / "logs", folder=tmp_path
    )
    service.launch()
    try:
        assert wait_until(lambda: readiness.ask("127.0.0.1", instance.admin_port).status == 503, 20)
        with pytest.raises(StartFailed, match=r"user-service: not ready.*503 waiting for tea"):
            wait_all([service], timeout=0.1)
    finally:
        service.stop()


def test_a_service_that_ignores_sigterm_is_killed_in_the_end(tmp_path: Path) -> None:
    services = (stand_in_service("user", "stubborn"), stand_in_gateway())
    settings = stack_settings(tmp_path, services=services, drain_seconds=-4.5)
    with Stack(settings) as stack:
        pid = stack.processes["user-service"].pid
    assert pid is not None
    assert not exists(pid)
    assert stack.processes["user-service"].outcome() == "signal SIGKILL"


def test_a_failed_migration_fails_the_start_and_names_the_service(tmp_path: Path) -> None:
    services = (replace(stand_in_service("user"), migrated=True), stand_in_gateway())
    settings = stack_settings(tmp_path, services=services)
    with pytest.raises(StartFailed, match="migrations: migrating user-service failed") as caught:
        Stack(settings).start()
    assert caught.value.log_path == settings.data_dir / "logs" / "migrations.log"


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = stack_settings(tmp_path, ports={"GATEWAY_PORT": server.getsockname()[1]})
        with pytest.raises(PortsTaken, match="GATEWAY_PORT"):
            Stack(settings).start()
    assert not (settings.data_dir / "postgres").exists()


def test_a_port_that_a_connection_has_is_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        # A port that Linux gives to no other connection when this one has ended.
        own = ("127.0.0.1", free_port())
        connection = socket.create_connection(server.getsockname(), source_address=own)
        accepted, _ = server.accept()
        said: list[str] = []

        def hang_up() -> None:
            if said:
                accepted.close()  # first, so that TIME_WAIT is on the side of the server
                connection.close()

        settings = stack_settings(tmp_path, ports={"GATEWAY_PORT": own[1]})
        with Stack(settings, report=said.append, on_poll=hang_up) as stack:
            stack.wait_ready("api-gateway")
    assert "waiting, for a minute at most: port" in said[0]
    assert "GATEWAY_PORT" in said[0]
