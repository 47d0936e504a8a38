"""Files as objects of a store: a folder of this machine, or anything that speaks S3."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store, from_url
from service_kit.errors import Unavailable

from post_service.application.media_ports import ObjectPart

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PART: Final = 5 * 1024 * 1024
"""The smallest part that S3 takes; memory that one upload to it needs."""
_PIECE: Final = 256 * 1024
_MISSING: Final = (NotFoundError, FileNotFoundError)
_LINK: Final = timedelta(minutes=10)


class StoreUnavailable(Unavailable):
    """The object store can't be reached."""

    code = "OBJECT_STORE_UNAVAILABLE"


class ObjectStoreObjects:
    """Objects of a store. Anything that is wrong with the store is `StoreUnavailable`."""

    def __init__(self, url: str) -> None:
        """`url` is `file:///folder`, or `s3://bucket/prefix` with AWS_* in the environment."""
        self._store, self._folder = _open(url)
        self._chunk = _PIECE if self._folder else _PART

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        with _translated():
            await obstore.put_async(
                self._store, key, chunks, chunk_size=self._chunk, max_concurrency=1
            )

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        attributes = None if self._folder else {"Content-Type": content_type}
        with _translated():
            await obstore.put_async(
                self._store,
                key,
                path,
                attributes=attributes,
                chunk_size=self._chunk,
                max_concurrency=1,
            )

    async def size(self, key: str) -> int | None:
        with _translated():
            try:
                return (await obstore.head_async(self._store, key))["size"]
            except _MISSING:
                return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        with _translated():
            found = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=_PIECE):
                yield bytes(piece)

    async def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            with _translated():
                try:
                    await obstore.delete_async(self._store, key)
                except _MISSING:
                    continue

    async def under(self, prefix: str) -> AsyncIterator[ObjectPart]:
        with _translated(), suppress(*_MISSING):  # a folder that nothing was ever in
            async for page in obstore.list(self._store, prefix):
                for meta in page:
                    yield ObjectPart(meta["path"], meta["size"], meta["last_modified"])

    async def link(self, key: str) -> str | None:
        if not isinstance(self._store, S3Store):
            return None
        with _translated():
            return await obstore.sign_async(self._store, "GET", key, _LINK)

    async def clear_unfinished(self, older_than: timedelta) -> None:
        """A folder keeps what a killed process was writing, under names that end in #number."""
        if self._folder is not None:
            before = datetime.now(UTC) - older_than
            await asyncio.to_thread(_clear_unfinished, self._folder, before)


def _clear_unfinished(folder: Path, before: datetime) -> None:
    for path in folder.rglob("*#*"):
        with suppress(FileNotFoundError):  # whoever writes it has just given it its name
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()


def _open(url: str) -> "tuple[ObjectStore, Path | None]":
    parts = urlsplit(url)
    if parts.scheme != "file":
        return from_url(url), None
    folder = Path(url2pathname(parts.path))
    return LocalStore(folder, mkdir=True), folder


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise StoreUnavailable from error
