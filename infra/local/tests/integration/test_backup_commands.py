"""`backup` and `restore` as a shell sees them: one stack's databases and secrets in another one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

ROWS = "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('harbour'), ('dawn')"


def pinstack(data: Path, *arguments: str, says: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 -- ours
        [sys.executable, "-m", "pinstack_local", *arguments],
        capture_output=True,
        text=True,
        check=False,
        input=says,
        env={"PATH": os.environ["PATH"], "PINSTACK_DATA_DIR": str(data)},
    )


def servers(data: Path) -> Stack:
    """The servers of a whole platform, with a database for each service."""
    return Stack(StackSettings(data_dir=data, with_services=False, durable=False))


def words(stack: Stack, service: str) -> list[str]:
    with psycopg.connect(stack.database_url(service)) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM kept ORDER BY word")]


def secrets(data: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((data / "secrets.json").read_text())
    return found


def test_a_backup_goes_from_one_stack_into_another(tmp_path: Path) -> None:
    old, new, backup = tmp_path / "old", tmp_path / "new", tmp_path / "backup"
    with servers(old) as stack:
        for service in ("user-service", "post-service"):
            with psycopg.connect(stack.database_url(service)) as connection:
                connection.execute(ROWS)
        (old / "media" / "media" / "1").mkdir(parents=True)
        (old / "media" / "media" / "1" / "large.jpg").write_bytes(b"cat")
        made = pinstack(old, "backup", str(backup))
        assert made.returncode == 0, made.stderr
        busy = pinstack(old, "restore", str(backup), "--yes")
        assert busy.returncode != 0, "a stack that runs is left alone"
        assert words(stack, "user-service") == ["dawn", "harbour"]
    put_back = pinstack(new, "restore", str(backup), says="y\n")
    assert put_back.returncode == 0, put_back.stderr
    with servers(new) as stack:
        assert words(stack, "user-service") == words(stack, "post-service") == ["dawn", "harbour"]
    assert (new / "media" / "media" / "1" / "large.jpg").read_bytes() == b"cat"
    for name in ("AUTH_KEY_SECRET", "GATEWAY_CURSOR_SECRET"):
        assert secrets(new)[name] == secrets(old)[name]
    assert secrets(new)["user_service"] != secrets(old)["user_service"], "passwords stay its own"


@pytest.mark.parametrize("says", ["", "\n", "no\n"])
def test_without_a_yes_nothing_is_changed(tmp_path: Path, says: str) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    for name in ("user", "auth", "post", "relation", "notification"):
        (backup / f"{name}_service.dump").touch()
    (backup / "secrets.json").write_text("{}")
    (backup / "backup.json").write_text('{"began": "2026-01-02T03:04:05+00:00"}')
    done = pinstack(tmp_path / "data", "restore", str(backup), says=says)
    assert done.returncode == 1
    assert "nothing was changed" in done.stdout + done.stderr
    assert not (tmp_path / "data").exists()


def test_where_no_stack_runs_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    done = pinstack(tmp_path / "data", "backup", str(tmp_path / "backup"))
    assert done.returncode == 2
    assert "USER_DATABASE_URL" in done.stderr
    assert not (tmp_path / "backup").exists()
