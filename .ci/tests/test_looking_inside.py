"""`make logs-<service>`, `make redis-flush`: of the stack on this machine first, and carefully."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKER = '#!/bin/sh\necho docker "$@"\n'
NO_IMAGE = '#!/bin/sh\ntest "$1" != image\n'


def ran(
    script: str,
    *arguments: str,
    folder: Path,
    says: str = "",
    docker: str = DOCKER,
    **more: str,
) -> "subprocess.CompletedProcess[str]":
    """A script of infra/docker, with a `docker` that says what it was asked."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "docker").write_text(docker)
    (tools / "docker").chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    return subprocess.run(  # noqa: S603
        [str(ROOT / "infra" / "docker" / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        input=says,
        env=os.environ | {"PATH": path, "PINSTACK_DATA_DIR": str(folder / "data")} | more,
    )


def test_the_log_of_the_stack_on_this_machine_is_shown(tmp_path: Path) -> None:
    logs = tmp_path / "data" / "logs"
    logs.mkdir(parents=True)
    (logs / "user-service.log").write_text("one\ntwo\nthree\n")
    done = ran("logs", "user-service", folder=tmp_path, FOLLOW="no", LINES_SHOWN="2")
    assert done.stdout == "two\nthree\n"


def test_without_one_compose_is_asked_and_followed(tmp_path: Path) -> None:
    done = ran("logs", "user-service", folder=tmp_path)
    assert done.stdout.splitlines()[-1].endswith("logs --tail 100 --follow user-service")


def test_a_name_that_nothing_has_is_said_with_those_that_there_are(tmp_path: Path) -> None:
    done = ran("logs", "user-servcie", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("there is no log of user-servcie; Compose has api-gateway ")
    assert not done.stdout


def test_without_a_stack_and_without_docker_one_line_says_both(tmp_path: Path) -> None:
    done = ran("redis", "ping", folder=tmp_path, docker="#!/bin/sh\nexit 1\n")
    assert done.returncode == 3
    assert done.stderr.startswith(f"no stack runs on {tmp_path}/data, and Docker has no Compose")
    assert done.stderr.count("\n") == 1


def test_images_are_sent_only_where_there_is_an_engine_that_has_them(tmp_path: Path) -> None:
    without = ran("push", "1", "registry", "one", folder=tmp_path, docker="#!/bin/sh\nexit 1\n")
    assert (without.returncode, without.stderr.count("\n")) == (3, 1)
    assert "no Docker engine answers" in without.stderr
    lacking = ran("push", "1", "registry", "one", folder=tmp_path, docker=NO_IMAGE)
    assert lacking.returncode == 3
    assert lacking.stderr.startswith("there is no image pinstack/one:1")
    sent = ran("push", "1", "registry", "one", "two", folder=tmp_path)
    assert [line for line in sent.stdout.splitlines() if "push" in line] == [
        "docker push --quiet registry/one:1",
        "docker push --quiet registry/two:1",
    ]


def test_redis_is_emptied_only_after_a_yes(tmp_path: Path) -> None:
    refused = ran("redis-flush", folder=tmp_path, says="\n")
    assert (refused.returncode, refused.stdout) == (1, "nothing was changed\n")
    agreed = ran("redis-flush", folder=tmp_path, says="y\n")
    assert agreed.stdout.splitlines()[-1].endswith("exec redis redis-cli FLUSHALL")
