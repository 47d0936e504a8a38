"""`exec`, `infrastructure` and `attach` as a shell sees them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
from pinstack_local import ports
from pinstack_local.catalogue import SERVICES
from pinstack_local.pidfiles import PidFiles
from pinstack_local.running import addresses
from pinstack_local.stack import Stack
from pinstack_local.waiting import wait_until

from tests.builders import stack_settings

SHOW = (
    "import os; print(*(os.environ['PINSTACK_TEST_' + n] for n in ('POSTGRES_URL', 'KAFKA_KIND')))"
)


def pinstack(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pinstack_local", *arguments]


def execute(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 -- ours
        pinstack("exec", "--broker", "embedded", "--", *command),
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )


def test_exec_gives_the_command_servers_and_takes_its_exit_code() -> None:
    connect = "import os, psycopg, sys; psycopg.connect(os.environ['PINSTACK_TEST_POSTGRES_URL'])"
    done = execute(sys.executable, "-c", f"{connect}; print('connected'); sys.exit(7)")
    assert (done.stdout, done.returncode) == ("connected\n", 7)


def test_exec_says_which_signal_ended_the_command() -> None:
    assert execute("sh", "-c", "kill -9 $$").returncode == 128 + 9


def test_exec_ends_with_2_for_a_command_that_does_not_exist() -> None:
    done = execute("no-such-command")
    assert done.returncode == 2
    assert "cannot run no-such-command" in done.stderr


def test_exec_inside_exec_uses_the_servers_of_the_outer_one() -> None:
    inner = [*pinstack("exec", "--", sys.executable, "-c", SHOW)]
    done = execute("sh", "-c", f'{sys.executable} -c "{SHOW}"; "$@"', "sh", *inner)
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.endswith(" embedded")


def test_infrastructure_writes_variables_that_work_and_removes_them_at_the_end(
    tmp_path: Path,
) -> None:
    env_file = tmp_path / "env"
    environment = {
        "PINSTACK_DATA_DIR": str(tmp_path / "data"),
        "PINSTACK_POSTGRES_PORT": str(ports.free_port()),
        "PINSTACK_REDIS_PORT": str(ports.free_port()),
    }
    command = pinstack("infrastructure", "--env-file", str(env_file))
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:  # noqa: S603
        try:
            assert wait_until(env_file.exists, 30)
            pairs = dict(line.split("=", 1) for line in env_file.read_text().splitlines())
            with psycopg.connect(pairs["POST_DATABASE_URL"]) as connection:
                assert connection.execute("SELECT current_user").fetchone() == ("post_service",)
            assert {"AUTH_KEY_SECRET", "GATEWAY_CURSOR_SECRET", "REDIS_URL"} < set(pairs)
        finally:
            process.terminate()
        assert process.wait(30) == 0
    assert not env_file.exists()


def attach(
    data_dir: Path, *command: str, needs: str = "KAFKA_BOOTSTRAP_SERVERS", **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 -- ours
        pinstack("attach", "--needs", needs, "--", *command),
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PINSTACK_DATA_DIR": str(data_dir), **environment},
    )


SHOW_ADDRESSES = (
    "import os, psycopg; print(os.environ['KAFKA_BOOTSTRAP_SERVERS']);"
    "print(psycopg.connect(os.environ['POST_DATABASE_URL']).info.dbname)"
)


def test_attach_gives_the_command_the_addresses_of_the_stack_that_runs(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, services=SERVICES, with_services=False)
    with Stack(settings) as stack:
        found = attach(settings.data_dir, sys.executable, "-c", SHOW_ADDRESSES)
        broker = stack.infrastructure.broker.bootstrap_servers
        assert found.stdout.splitlines() == [broker, "post_service"], found.stderr
        own = attach(
            settings.data_dir, sys.executable, "-c", SHOW_ADDRESSES, KAFKA_BOOTSTRAP_SERVERS="x:1"
        )
        assert own.stdout.splitlines() == ["x:1", "post_service"]
    gone = attach(settings.data_dir, sys.executable, "-c", SHOW_ADDRESSES)
    assert gone.returncode == 2
    assert f"no stack runs on {settings.data_dir}: start one (make run)" in gone.stderr


def test_attach_asks_for_nothing_but_what_the_command_needs(tmp_path: Path) -> None:
    show = (sys.executable, "-c", "import os; print(os.environ['AUTH_DATABASE_URL'])")
    told = attach(tmp_path, *show, needs="AUTH_DATABASE_URL", AUTH_DATABASE_URL="postgresql://x")
    assert told.stdout == "postgresql://x\n"
    gone = attach(tmp_path, *show, needs="AUTH_DATABASE_URL")
    assert gone.returncode == 2
    assert "or set AUTH_DATABASE_URL" in gone.stderr


def test_attach_tells_where_the_services_are_and_what_they_accept(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, grpc_tls=True)
    code = "import os; [print(os.environ[name]) for name in os.environ['SHOWN'].split()]"
    shown = "USER_GRPC_ADDRESS USER_KEY_SECRET GRPC_TLS_CERT"
    with Stack(settings) as stack:
        found = attach(settings.data_dir, sys.executable, "-c", code, SHOWN=shown)
        address, secret, certificate = found.stdout.splitlines()
        assert address == stack.services[0].instance.address
        assert secret == stack.addresses()["USER_KEY_SECRET"]
        assert certificate == str(settings.certificates / "operator.pem")
    assert "USER_GRPC_ADDRESS" not in addresses(settings.data_dir)


def test_attach_finds_every_node_of_a_real_kafka(tmp_path: Path) -> None:
    folder = tmp_path / "kafka"
    folder.mkdir()
    for number in (1, 2):
        listeners = f"listeners=PLAINTEXT://127.0.0.1:{9000 + number},CONTROLLER://127.0.0.1:1"
        (folder / f"node-{number}.properties").write_text(f"node.id={number}\n{listeners}\n")
    PidFiles(tmp_path / "run").add("kafka", os.getpid(), signal.SIGTERM)
    assert addresses(tmp_path) == {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9001,127.0.0.1:9002"}


def test_the_redis_of_a_stack_that_runs_is_found_with_a_client(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "PINSTACK_DATA_DIR": str(tmp_path / "data")}

    def found(what: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 -- ours
            pinstack("address", what), capture_output=True, text=True, check=False, env=environment
        )

    assert found("redis").returncode == 2
    with Stack(stack_settings(tmp_path, with_services=False)) as stack:
        url = found("redis").stdout.strip()
        assert url == stack.infrastructure.redis.url().removesuffix("/0")
        client = [found("redis-cli").stdout.strip(), "-u", url, "ping"]
        assert subprocess.check_output(client, text=True).strip() == "PONG"  # noqa: S603 -- ours
