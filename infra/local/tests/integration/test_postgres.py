"""A real PostgreSQL: it starts, keeps its data, and leaves nothing running."""

import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from pinstack_local import databases, ports
from pinstack_local.errors import AlreadyRunning, StartFailed
from pinstack_local.postgres import PostgresServer

from tests.builders import exists


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer(tmp_path_factory.mktemp("postgres"), durable=False) as running:
        yield running


def query(url: str, statement: bytes) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
        return row[0] if row else None


def create_table(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS n")


def test_it_is_postgresql_18(server: PostgresServer) -> None:
    assert str(query(server.url(), b"SHOW server_version")).startswith("18.")


def test_the_superuser_needs_the_password(server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url(password="wrong"))


def test_the_log_does_not_quote_rows(server: PostgresServer) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE people (email text CONSTRAINT one_of_each UNIQUE)")
        connection.execute("INSERT INTO people VALUES (%s)", ["a@b.c"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (%s)", ["a@b.c"])
    log = server.log_path.read_text()
    assert "one_of_each" in log
    assert "a@b.c" not in log


def test_letters_beyond_ascii_are_folded(server: PostgresServer) -> None:
    statement = "SELECT lower('ÄÖ ПРИВЕТ') = 'äö привет' AND 'Ж' ~* 'ж'"
    assert query(server.url(), statement.encode()) is True


def test_only_the_owner_can_read_the_password(server: PostgresServer) -> None:
    files = {path.name: path for path in server.process.log_path.parent.iterdir()}
    assert stat.S_IMODE(files["secrets.json"].stat().st_mode) == 0o600
    assert "initial-password" not in files


def test_each_service_gets_a_database_that_it_owns(server: PostgresServer) -> None:
    databases.ensure(server.url(), {"user_service": "secret"})
    url = server.url("user_service", "user_service", "secret")
    create_table(url)
    assert query(url, b"SELECT n FROM t") == 42


def test_a_service_cannot_enter_the_database_of_another(server: PostgresServer) -> None:
    databases.ensure(server.url(), {"user_service": "one", "post_service": "two"})
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(server.url("user_service", "post_service", "two"))


def test_databases_stay_when_they_are_ensured_again_and_the_password_follows(
    server: PostgresServer,
) -> None:
    databases.ensure(server.url(), {"kept": "before"})
    create_table(server.url("kept"))
    databases.ensure(server.url(), {"kept": "after"})
    assert query(server.url("kept", "kept", "after"), b"SELECT current_user") == "kept"
    assert query(server.url("kept"), b"SELECT n FROM t") == 42


def test_data_survives_a_restart_and_nothing_is_left_running(tmp_path: Path) -> None:
    with PostgresServer(tmp_path) as server:
        create_table(server.url())
        pid = server.process.pid
    assert pid is not None
    assert not exists(pid)
    assert server.process.outcome() == "exit code 0"
    with PostgresServer(tmp_path) as server:
        assert query(server.url(), b"SELECT n FROM t") == 42
    assert "database system was shut down" in server.log_path.read_text()


def test_committed_data_survives_a_kill(tmp_path: Path) -> None:
    with PostgresServer(tmp_path) as server:
        create_table(server.url())
        server.process.kill()
        server.start()
        assert query(server.url(), b"SELECT n FROM t") == 42


def test_a_pid_file_whose_id_is_now_somebody_else_does_not_keep_it_from_starting(
    tmp_path: Path,
) -> None:
    with PostgresServer(tmp_path, durable=False):
        pass
    pid_file = tmp_path / "cluster" / "postmaster.pid"
    pid_file.write_text("1\n")
    with PostgresServer(tmp_path, durable=False) as server:
        assert query(server.url(), b"SELECT 1") == 1


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with PostgresServer(tmp_path, durable=False) as server:
        with pytest.raises(AlreadyRunning, match=f"pid {server.process.pid}"):
            PostgresServer(tmp_path, durable=False).start()
        assert query(server.url(), b"SELECT 1") == 1


def test_a_taken_port_is_a_failed_start_with_the_reason_in_the_log(
    server: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(StartFailed, match="postgres: ended with exit code 1") as caught:
        PostgresServer(tmp_path, server.port, durable=False).start()
    assert any("Address already in use" in line for line in caught.value.log_lines(20))


def test_a_cluster_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "cluster.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")
    with PostgresServer(tmp_path, ports.free_port(), durable=False) as server:
        assert query(server.url(), b"SELECT 1") == 1


def test_a_stop_in_the_middle_of_the_first_start_leaves_nothing_running(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path, durable=False)
    server.launch()
    assert server.pending_steps() == ["initdb"]
    server.stop()
    assert not [each for each in psutil.Process().children() if each.name() == "initdb"]
    with server:
        assert query(server.url(), b"SELECT 1") == 1
