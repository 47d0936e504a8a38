"""What one can do with pictures and clips."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from post_service.application.media_ports import Objects, Uploads
from post_service.domain.errors import Forbidden
from post_service.domain.media import (
    SUFFIXES,
    Arrival,
    MediaNotFound,
    QuotaExceeded,
    TooManyUploads,
    Upload,
    stem_and_file,
)
from post_service.domain.receipt import Receipt, Recognise, SizeLimits

INCOMING: Final = "incoming"
"""The folder of what was sent."""
SHOWN: Final = "media"
"""The folder of what is shown; in it a folder for each upload, by its stem."""
_TYPES: Final = {suffix: content_type for content_type, suffix in SUFFIXES.items()}


@dataclass(frozen=True, slots=True)
class Reading:
    """A part of an object of `size` bytes, or (`url`) where to read it instead."""

    content_type: str
    size: int
    offset: int
    length: int
    url: str
    chunks: AsyncIterator[bytes] | None


@dataclass(slots=True)
class Places:
    """How many files arrive at once."""

    most: int
    taken: int = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place while the block runs. Raises `TooManyUploads`."""
        if self.taken >= self.most:
            raise TooManyUploads(retry_after=1.0)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


@dataclass(frozen=True, slots=True)
class MediaLibrary:
    """The use cases of uploads in one piece, and of what is shown of them."""

    uploads: Uploads
    objects: Objects
    recognise: Recognise
    limits: SizeLimits
    quota_bytes: int
    places: Places = field(default_factory=lambda: Places(16))

    async def take(self, owner_id: int, chunks: AsyncIterator[bytes]) -> Upload:
        """The upload that the bytes are; the same one for the same bytes again.

        Raises `UnsupportedMedia`, `MediaTooLarge`, `QuotaExceeded`, `TooManyUploads`, `AuthorGone`.
        """
        with self.places.one():
            if await self.uploads.used(owner_id) >= self.quota_bytes:
                raise QuotaExceeded
            key = f"{INCOMING}/{uuid4().hex}"
            receipt = self.receipt()
            await self.objects.put(key, receipt.watch(chunks))
            return await self.keep(owner_id, receipt, (key,))

    def receipt(self) -> Receipt:
        """Something that watches the bytes of a file."""
        return Receipt(self.recognise, self.limits)

    async def keep(
        self,
        owner_id: int,
        receipt: Receipt,
        source: tuple[str, ...],
        resumable_id: str | None = None,
    ) -> Upload:
        """Make an upload of what has arrived. What nobody claims of it is swept a day later."""
        digest, content_type, size = receipt.digest, receipt.content_type, receipt.bytes
        arrival = Arrival(owner_id, digest, content_type, size, source, resumable_id)
        try:
            upload, is_kept = await self.uploads.add(arrival, self.quota_bytes)
        except QuotaExceeded:
            await self.objects.delete(source)
            raise
        if not is_kept:
            await self.objects.delete(source)
        return upload

    async def get(self, upload_id: int, caller_id: int) -> Upload:
        """An upload of the caller's own. Raises `MediaNotFound` and `Forbidden`."""
        upload = await self.uploads.get(upload_id)
        if upload is None:
            raise MediaNotFound
        if upload.owner_id != caller_id:
            raise Forbidden
        return upload

    async def delete(self, upload_id: int, caller_id: int) -> None:
        """Delete one's own. Raises `MediaNotFound`, `Forbidden` and `MediaInUse`."""
        await self.get(upload_id, caller_id)
        await self.uploads.remove(upload_id)

    async def read(self, key: str, offset: int, length: int, *, describe_only: bool) -> Reading:
        """An object, from `offset` (negative: so far from its end), `length` bytes (0: the rest).

        A part that begins beyond the end is empty. Raises `MediaNotFound`.
        """
        stem, file = stem_and_file(key)
        content_type = _TYPES.get(file.rpartition(".")[2])
        name = f"{SHOWN}/{stem}/{file}"
        size = None if content_type is None else await self.objects.size(name)
        if content_type is None or size is None:
            raise MediaNotFound
        start = min(size, offset) if offset >= 0 else max(0, size + offset)
        end = min(size, start + length) if length else size
        link = await self.objects.link(name) or ""
        is_read = not (describe_only or link) and start < end
        chunks = self.objects.read(name, start, end) if is_read else None
        return Reading(content_type, size, start, end - start, link, chunks)
