"""`make logs-<service>`, `make redis-flush`: of the stack on this machine first, and carefully."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKER = '#!/bin/sh\necho docker "$@"\n'


def ran(
    script: str, *arguments: str, folder: Path, says: str = "", **more: str
) -> "subprocess.CompletedProcess[str]":
    """A script of infra/docker, with a `docker` that says what it was asked."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "docker").write_text(DOCKER)
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


def test_redis_is_emptied_only_after_a_yes(tmp_path: Path) -> None:
    refused = ran("redis-flush", folder=tmp_path, says="\n")
    assert (refused.returncode, refused.stdout) == (1, "nothing was changed\n")
    agreed = ran("redis-flush", folder=tmp_path, says="y\n")
    assert agreed.stdout.splitlines()[-1].endswith("exec redis redis-cli FLUSHALL")
