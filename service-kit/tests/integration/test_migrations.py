"""Migrations go up and down, once, and say what went wrong."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from service_kit import migrations
from service_kit.testing import MakeDatabase

from tests.conftest import MIGRATIONS

BROKEN = '''"""A migration that can't work."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE second (id int); INSERT INTO nowhere VALUES (1)")


def downgrade() -> None:
    op.execute("DROP TABLE second")
'''


INDEX = '''"""An index that is built while its table is in use."""

from service_kit.migrations import build_index, drop_index

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    build_index("outbox_topic", "ON outbox (topic)")


def downgrade() -> None:
    drop_index("outbox_topic")
'''


@pytest.fixture
def empty_url(make_database: MakeDatabase) -> str:
    return make_database(None)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The first migration of the tests, and a second one that fails in its middle."""
    return with_second(tmp_path, BROKEN)


@pytest.fixture
def indexed(tmp_path: Path) -> Path:
    """The first migration of the tests, and a second one that builds an index of its table."""
    return with_second(tmp_path, INDEX)


def with_second(folder: Path, migration: str) -> Path:
    (folder / "versions").mkdir()
    for name in ("env.py", "versions/0001_outbox.py"):
        (folder / name).write_text((MIGRATIONS / name).read_text())
    (folder / "versions/0002_second.py").write_text(migration)
    return folder


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows} - {"alembic_version"}


def test_up_runs_all_and_a_second_time_nothing(empty_url: str) -> None:
    assert migrations.upgrade(empty_url, MIGRATIONS) == ("up 0001", "up 0002")
    assert migrations.upgrade(empty_url, MIGRATIONS) == ()
    assert tables(empty_url) == {"outbox", "inbox"}


def test_down_takes_back_one_step(empty_url: str) -> None:
    migrations.upgrade(empty_url, MIGRATIONS)
    assert migrations.downgrade(empty_url, MIGRATIONS) == ("down 0002",)
    assert tables(empty_url) == {"outbox"}


def test_down_to_base_takes_back_everything_and_then_nothing(empty_url: str) -> None:
    migrations.upgrade(empty_url, MIGRATIONS)
    assert migrations.downgrade(empty_url, MIGRATIONS, "base") == ("down 0002", "down 0001")
    assert migrations.downgrade(empty_url, MIGRATIONS) == ()
    assert tables(empty_url) == set()


def test_status_tells_what_is_pending_and_changes_nothing(empty_url: str) -> None:
    found = migrations.status(empty_url, MIGRATIONS)
    assert found == migrations.Status(None, "0002", ("0001", "0002"))
    assert tables(empty_url) == set()
    migrations.upgrade(empty_url, MIGRATIONS, "0001")
    assert migrations.status(empty_url, MIGRATIONS) == migrations.Status("0001", "0002", ("0002",))


def test_a_failure_keeps_the_steps_before_it_and_nothing_of_its_own(
    empty_url: str, broken: Path
) -> None:
    with pytest.raises(migrations.MigrationFailed, match=r"nowhere.*done before it: up 0001"):
        migrations.upgrade(empty_url, broken)
    assert tables(empty_url) == {"outbox"}


def test_replicas_that_start_together_migrate_once(empty_url: str, indexed: Path) -> None:
    command = [sys.executable, "-m", "service_kit.migrations", "up", "--folder", str(indexed)]
    with psycopg.connect(empty_url, autocommit=True) as gate:
        gate.execute(f"SELECT pg_advisory_lock({migrations._LOCK})")
        replicas = [
            subprocess.Popen(  # noqa: S603 - the command is ours
                [*command, "--database-url-variable", "URL"],
                env={"URL": empty_url},
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        assert_come(gate, 3)
    outputs = sorted(replica.communicate(timeout=60)[0] for replica in replicas)
    assert [replica.returncode for replica in replicas] == [0, 0, 0]
    assert outputs == ["nothing to do\n", "nothing to do\n", "up 0001\nup 0002\n"]


def test_a_migration_gives_up_on_a_turn_that_does_not_come(empty_url: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as other:
        other.execute(f"SELECT pg_advisory_lock({migrations._LOCK})")
        with pytest.raises(migrations.MigrationFailed, match="somebody else has been migrating"):
            migrations.upgrade(empty_url, MIGRATIONS, turn_seconds=0.1)
    assert tables(empty_url) == set()


def test_a_migration_gives_up_on_a_table_that_somebody_holds(empty_url: str) -> None:
    migrations.upgrade(empty_url, MIGRATIONS)
    with psycopg.connect(empty_url) as holder:
        holder.execute("LOCK TABLE inbox IN ACCESS SHARE MODE")
        with pytest.raises(migrations.MigrationFailed, match="lock timeout"):
            migrations.downgrade(empty_url, MIGRATIONS, attempts=1)
    assert "inbox" in tables(empty_url)


def test_a_migration_tries_again_until_a_table_is_free(empty_url: str) -> None:
    migrations.upgrade(empty_url, MIGRATIONS)
    with psycopg.connect(empty_url) as holder, ThreadPoolExecutor() as pool:
        holder.execute("LOCK TABLE inbox IN ACCESS SHARE MODE")
        step = pool.submit(migrations.downgrade, empty_url, MIGRATIONS, attempts=5)
        assert_waits(empty_url)
        with psycopg.connect(empty_url, autocommit=True) as other:
            other.execute("SELECT FROM inbox")  # its turn comes when the migration has given up
        holder.commit()
        assert step.result(30) == ("down 0002",)
    assert tables(empty_url) == {"outbox"}


def assert_come(gate: psycopg.Connection, count: int) -> None:
    """Wait until so many others are connected."""
    sql = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
    """
    deadline = time.monotonic() + 20
    while gate.execute(sql).fetchone() != (count,):
        assert time.monotonic() < deadline, "they do not come"


def assert_waits(url: str) -> None:
    """Wait until somebody waits for a lock."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    deadline = time.monotonic() + 20
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(sql).fetchone() == (0,):
            assert time.monotonic() < deadline, "nobody waits"


def test_the_command_line_names_a_missing_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_URL", raising=False)
    arguments = ["up", "--folder", str(MIGRATIONS), "--database-url-variable", "NO_URL"]
    assert migrations.main(arguments) == 2
    assert "NO_URL is not set" in capsys.readouterr().err


def test_the_command_line_never_shows_the_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("URL", "postgresql://nobody:hunter2@127.0.0.1:1/nothing")
    arguments = ["status", "--folder", str(MIGRATIONS), "--database-url-variable", "URL"]
    assert migrations.main(arguments) == 1
    output = capsys.readouterr()
    assert "nothing" in output.err
    assert "hunter2" not in output.err + output.out
