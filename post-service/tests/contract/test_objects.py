"""One suite for where files are: in memory, in a folder, and in a server that speaks S3."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer
from service_kit.errors import Unavailable

from post_service.adapters.object_store import ObjectStoreObjects
from post_service.application.media_ports import Objects
from tests.media_fakes import InMemoryObjects

BUCKET = "pinstack"
LARGE = 12 * 1024 * 1024


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["memory", "folder", "s3"])
def objects(
    request: pytest.FixtureRequest, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> Objects:
    if request.param == "memory":
        return InMemoryObjects()
    if request.param == "folder":
        return ObjectStoreObjects((tmp_path / "media").as_uri())
    for name, value in s3_settings(s3).items():
        monkeypatch.setenv(name, value)
    make_bucket(s3)
    return ObjectStoreObjects(f"s3://{BUCKET}")


def s3_settings(address: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def make_bucket(address: str) -> None:
    """Make the bucket, or find that it is there."""
    assert httpx.put(f"{address}/{BUCKET}").is_success


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def content(objects: Objects, key: str, start: int = 0, end: int = LARGE) -> bytes:
    return b"".join([chunk async for chunk in objects.read(key, start, end)])


async def keys(objects: Objects, prefix: str) -> list[str]:
    return sorted([part.key async for part in objects.under(prefix)])


async def test_an_object_is_read_as_it_was_put(objects: Objects) -> None:
    await objects.put("incoming/1", pieces(b"ab", b"", b"cd"))
    assert await objects.size("incoming/1") == 4
    assert await content(objects, "incoming/1", 0, 4) == b"abcd"
    assert await content(objects, "incoming/1", 1, 3) == b"bc"


async def test_a_large_object_goes_in_parts(objects: Objects) -> None:
    chunk = bytes(range(256)) * 4096
    await objects.put("incoming/large", pieces(*[chunk] * 12))
    assert await objects.size("incoming/large") == LARGE
    middle = await content(objects, "incoming/large", LARGE - 300, LARGE)
    assert middle == (chunk + chunk)[-300:]


async def test_a_file_becomes_an_object(objects: Objects, tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(b"image")
    await objects.put_file("media/1/large.jpg", path, "image/jpeg")
    assert await content(objects, "media/1/large.jpg", 0, 5) == b"image"


async def test_what_fails_while_it_comes_is_not_there(objects: Objects) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 1024
        raise LookupError

    with pytest.raises(LookupError):
        await objects.put("incoming/half", failing())
    assert await objects.size("incoming/half") is None
    assert await keys(objects, "incoming/half") == []


async def test_what_is_in_a_folder_is_listed_and_deleted(objects: Objects) -> None:
    for key in ("media/5/a.jpg", "media/5/b.webp", "media/55/a.jpg"):
        await objects.put(key, pieces(b"x"))
    assert await keys(objects, "media/5") == ["media/5/a.jpg", "media/5/b.webp"]
    await objects.delete(["media/5/a.jpg", "media/5/b.webp", "media/none"])
    assert await keys(objects, "media/5") == []
    assert await objects.size("media/55/a.jpg") == 1


async def test_a_folder_that_nothing_was_ever_in_is_empty(objects: Objects) -> None:
    assert await keys(objects, "never") == []


async def test_only_a_store_that_can_be_read_from_outside_gives_links(
    objects: Objects, request: pytest.FixtureRequest
) -> None:
    await objects.put("media/2/a.jpg", pieces(b"x"))
    link = await objects.link("media/2/a.jpg")
    assert (link is not None) is ("s3" in request.node.name)
    assert link is None or "X-Amz-Signature" in link


async def test_what_a_killed_process_was_writing_is_cleared(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    objects = ObjectStoreObjects(folder.as_uri())
    await objects.put("incoming/1", pieces(b"x"))
    left = folder / "incoming" / "2#1"
    left.write_bytes(b"half")
    (folder / "incoming" / "3#1").symlink_to("gone")  # as one that has its name by now
    await objects.clear_unfinished(timedelta(hours=1))
    assert left.exists()
    (folder / "incoming" / "3#1").unlink()
    await objects.clear_unfinished(timedelta(seconds=-1))
    assert [path.name for path in (folder / "incoming").iterdir()] == ["1"]


async def test_a_store_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3_settings("http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_RETRIES", "0")
    with pytest.raises(Unavailable):
        await ObjectStoreObjects(f"s3://{BUCKET}").size("x")
