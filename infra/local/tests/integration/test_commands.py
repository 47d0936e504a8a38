"""`exec` and `infrastructure` as a shell sees them."""

import subprocess
import sys
from pathlib import Path

import psycopg
from pinstack_local import ports
from pinstack_local.waiting import wait_until

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
