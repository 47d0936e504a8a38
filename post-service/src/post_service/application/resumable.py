"""Uploads that can be interrupted and go on."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from post_service.application.media import INCOMING, MediaLibrary
from post_service.application.media_ports import Resumables
from post_service.domain.errors import FieldViolation, Forbidden, InvalidArgument
from post_service.domain.media import (
    MediaTooLarge,
    OffsetConflict,
    QuotaExceeded,
    ResumableUpload,
    Upload,
    UploadNotFound,
)

_LIFETIME: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """A resumable upload, and what it became once it was whole."""

    upload: ResumableUpload
    media: Upload | None


class Overrun(InvalidArgument):
    """More bytes came than were announced."""

    def __init__(self) -> None:
        super().__init__(violations=[FieldViolation("file", "is longer than was announced")])


@dataclass(frozen=True, slots=True)
class ResumableUploads:
    """The use cases of uploads in several pieces (the tus protocol's core, creation, termination).

    Each piece is an object of its own, so that what has arrived stays whatever dies.
    """

    library: MediaLibrary
    resumables: Resumables

    async def begin(self, owner_id: int, length: int) -> Progress:
        """Open an upload of `length` bytes.

        Raises `InvalidArgument`, `MediaTooLarge`, `QuotaExceeded` and `AuthorGone`.
        """
        limits = self.library.limits
        given = {"owner_id": owner_id, "length": length}
        wrong = [FieldViolation(it, "must be at least 1") for it, n in given.items() if n < 1]
        if wrong:
            raise InvalidArgument(violations=wrong)
        if length > max(limits.image, limits.video):
            raise MediaTooLarge(max(limits.image, limits.video))
        expires = datetime.now(UTC) + _LIFETIME
        upload = ResumableUpload(uuid4().hex, owner_id, length, 0, (), expires)
        await self.resumables.begin(upload, self.library.quota_bytes)
        return Progress(upload, None)

    async def get(self, upload_id: str, caller_id: int) -> Progress:
        """How far one's own is. Raises `UploadNotFound` and `Forbidden`."""
        upload = await self.resumables.get(upload_id)
        if upload is None:
            raise UploadNotFound
        if upload.owner_id != caller_id:
            raise Forbidden
        return await self._progress(upload)

    async def append(
        self, upload_id: str, caller_id: int, offset: int, chunks: AsyncIterator[bytes]
    ) -> Progress:
        """Add a piece at `offset`; the last one makes it media.

        Raises as `get` and `MediaLibrary.take` do, `OffsetConflict` and `InvalidArgument` for
        more bytes than were announced.
        """
        with self.library.places.one():
            upload = (await self.get(upload_id, caller_id)).upload
            if upload.offset != offset:
                raise OffsetConflict
            key = f"{INCOMING}/{upload.id}/{offset:012}-{uuid4().hex}"
            piece = _Piece(upload.length - offset)
            await self.library.objects.put(key, piece.watch(chunks))
            if not piece.bytes:
                await self.library.objects.delete([key])
                return await self._progress(upload)
            try:
                upload = await self.resumables.append(upload, key, piece.bytes)
            except (OffsetConflict, UploadNotFound):
                await self.library.objects.delete([key])
                raise
            return await self._progress(upload)

    async def abort(self, upload_id: str, caller_id: int) -> None:
        """Forget an upload and its pieces. Raises as `get` does."""
        upload = (await self.get(upload_id, caller_id)).upload
        await self.resumables.forget(upload.id)

    async def _progress(self, upload: ResumableUpload) -> Progress:
        if upload.media_id is not None:
            return Progress(upload, await self.library.uploads.get(upload.media_id))
        if upload.offset < upload.length:
            return Progress(upload, None)
        return Progress(upload, await self._whole(upload))

    async def _whole(self, upload: ResumableUpload) -> Upload:
        """What all pieces together are; pieces that are nothing are forgotten."""
        receipt = self.library.receipt()
        try:
            async with aclosing(receipt.watch(self._all(upload))) as watched:
                async for _ in watched:
                    pass
            return await self.library.keep(upload.owner_id, receipt, upload.parts, upload.id)
        except (InvalidArgument, QuotaExceeded):
            await self.resumables.forget(upload.id)
            raise

    async def _all(self, upload: ResumableUpload) -> AsyncIterator[bytes]:
        for part in upload.parts:
            async for chunk in self.library.objects.read(part, 0, upload.length):
                yield chunk


class _Piece:
    """Counts the bytes of a piece."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.bytes = 0

    async def watch(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self.bytes += len(chunk)
            if self.bytes > self._most:
                raise Overrun
            yield chunk
