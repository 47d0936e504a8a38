"""A backup of a stack's databases, and what becomes of events that were on their way."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pinstack_local import archive, databases
from pinstack_local.postgres import PostgresServer

Urls = dict[str, str]
SECRETS = {"AUTH_KEY_SECRET": "the key of keys", "GATEWAY_CURSOR_SECRET": "seals cursors"}
OUTBOX = "CREATE TABLE outbox (id int, sent_at timestamptz)"


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """A server with the databases of all services."""
    names = [spec.database for spec in archive.DATABASES if spec.database]
    with PostgresServer(tmp_path_factory.mktemp("server"), durable=False) as server:
        databases.ensure(server.url(), dict.fromkeys(names, "p@ss:word/"))
        yield {
            spec.database_variable: server.url(spec.database, spec.database, "p@ss:word/")
            for spec in archive.DATABASES
            if spec.database
        }


@pytest.fixture
def url(urls: Urls) -> Iterator[str]:
    """The database of user-service, with one row; empty afterwards."""
    url = urls["USER_DATABASE_URL"]
    run(url, "CREATE TABLE people (name text); INSERT INTO people VALUES ('ada')")
    yield url
    run(url, "DROP TABLE IF EXISTS people, outbox")


def run(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def test_what_was_there_is_there_again_and_nothing_else(
    tmp_path: Path, urls: Urls, url: str
) -> None:
    archive.write(tmp_path / "backup", urls | SECRETS)
    run(url, "UPDATE people SET name = 'mallory'")
    archive.restore(tmp_path / "backup", urls)
    assert run(url, "SELECT name FROM people") == [("ada",)]
    assert archive.secrets_of(tmp_path / "backup") == SECRETS


def a_store(folder: Path, **content: bytes) -> dict[str, str]:
    """A folder of uploads with files in it, as post-service is told of it."""
    for name, each in content.items():
        path = folder / name.replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each)
    return {"POST_MEDIA_STORE": folder.as_uri()}


def files_of(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_what_people_uploaded_is_there_again_and_nothing_else(
    tmp_path: Path, urls: Urls, url: str
) -> None:
    store = tmp_path / "store"
    there = a_store(store, media_1_large=b"cat", incoming_5=b"dog")
    (store / "incoming" / "6#1").write_bytes(b"ha")
    archive.write(tmp_path / "backup", urls | there)
    a_store(store, media_2_large=b"later", media_1_large=b"spoilt")
    archive.restore(tmp_path / "backup", urls | there)
    assert files_of(store) == {"media/1/large": b"cat", "incoming/5": b"dog"}
    elsewhere = {"POST_MEDIA_STORE": (tmp_path / "new").as_uri()}
    archive.restore(tmp_path / "backup", urls | elsewhere)
    assert files_of(tmp_path / "new") == files_of(store)


@pytest.mark.parametrize("store", ["s3://bucket", ""])
def test_a_store_that_is_no_folder_is_left_alone(
    tmp_path: Path, urls: Urls, url: str, store: str
) -> None:
    archive.write(tmp_path / "backup", urls | {"POST_MEDIA_STORE": store})
    assert not (tmp_path / "backup" / "media").exists()
    there = a_store(tmp_path / "store", media_1_large=b"cat")
    archive.restore(tmp_path / "backup", urls | there)
    assert files_of(tmp_path / "store") == {"media/1/large": b"cat"}


def test_events_that_were_on_their_way_are_sent_again(tmp_path: Path, urls: Urls, url: str) -> None:
    run(url, OUTBOX)
    run(url, "INSERT INTO outbox VALUES (1, now() - interval '1 day'), (2, now()), (3, NULL)")
    archive.write(tmp_path / "backup", urls)
    archive.restore(tmp_path / "backup", urls)
    unsent = run(url, "SELECT id FROM outbox WHERE sent_at IS NULL ORDER BY id")
    assert unsent == [(2,), (3,)]


def test_nobody_else_can_read_a_backup(tmp_path: Path, urls: Urls, url: str) -> None:
    files = archive.write(tmp_path / "backup", urls | SECRETS)
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    assert len(files) == len(urls) + 2
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]


def test_a_database_that_cannot_be_dumped_leaves_no_backup(tmp_path: Path, urls: Urls) -> None:
    broken = urls | {"POST_DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:1/nothing"}
    with pytest.raises(archive.ArchiveFailed, match="pg_dump of nothing") as failure:
        archive.write(tmp_path / "backup", broken)
    assert "hunter2" not in str(failure.value)
    assert not list(tmp_path.iterdir())


def test_an_incomplete_backup_is_refused_before_anything_is_changed(
    tmp_path: Path, urls: Urls, url: str
) -> None:
    archive.write(tmp_path / "backup", urls)
    (tmp_path / "backup" / "post_service.dump").unlink()
    with pytest.raises(archive.ArchiveFailed, match=r"lacks post_service\.dump"):
        archive.restore(tmp_path / "backup", urls)
    assert run(url, "SELECT name FROM people") == [("ada",)]


def test_a_backup_never_overwrites_another_one(tmp_path: Path, urls: Urls) -> None:
    archive.write(tmp_path / "backup", urls)
    with pytest.raises(archive.ArchiveFailed, match="exists already"):
        archive.write(tmp_path / "backup", urls)
    assert json.loads((tmp_path / "backup" / "backup.json").read_text())["began"]
