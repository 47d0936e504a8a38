"""The ports of uploads in memory."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from post_service.application.media_ports import ObjectPart
from post_service.domain.errors import AuthorGone
from post_service.domain.events import MediaEvent, MediaProcessed, MediaUploaded
from post_service.domain.media import (
    Arrival,
    Job,
    MediaInUse,
    OffsetConflict,
    Outcome,
    ProcessingFailed,
    QuotaExceeded,
    ResumableUpload,
    State,
    Upload,
    UploadNotFound,
    Variant,
    WorkerDied,
)
from tests.builders import NOW

DAY = timedelta(days=1)


class InMemoryObjects:
    """Objects of one process."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}
        self.cleared: list[timedelta] = []

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        self.keep(key, b"".join([chunk async for chunk in chunks]))

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        self.keep(key, path.read_bytes())  # noqa: ASYNC240 - tiny

    def keep(self, key: str, content: bytes, written: datetime | None = None) -> None:
        """Store an object, long ago if that is told."""
        self.content[key] = content
        self.written[key] = written or datetime.now(UTC)

    async def size(self, key: str) -> int | None:
        return len(self.content[key]) if key in self.content else None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        yield self.content[key][start:end]

    async def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.content.pop(key, None)

    async def under(self, prefix: str) -> AsyncIterator[ObjectPart]:
        for key in [key for key in self.content if key.startswith(f"{prefix}/")]:
            yield ObjectPart(key, len(self.content[key]), self.written[key])

    async def link(self, key: str) -> str | None:
        return None

    async def clear_unfinished(self, older_than: timedelta) -> None:
        self.cleared.append(older_than)


@dataclass
class UploadRow:
    """What is kept of an upload besides itself."""

    upload: Upload
    digest: bytes
    source: tuple[str, ...]
    expires_at: datetime | None
    attempts: int = 0
    leased_until: datetime = NOW
    is_avatar: bool = False


class InMemoryUploads:
    """Uploads of one process; its time is `now`."""

    def __init__(self) -> None:
        self.now = NOW
        self.rows: dict[int, UploadRow] = {}
        self.gone: set[int] = set()
        self.shown: set[int] = set()
        self.events: list[MediaEvent] = []
        self.doom: dict[str, datetime] = {}
        self.resumables: InMemoryResumables | None = None

    async def add(self, arrival: Arrival, quota_bytes: int) -> tuple[Upload, bool]:
        upload, is_kept = await self._added(arrival, quota_bytes)
        if arrival.resumable_id and self.resumables is not None:
            self.resumables.became(arrival.resumable_id, upload.id)
        return upload, is_kept

    async def _added(self, arrival: Arrival, quota_bytes: int) -> tuple[Upload, bool]:
        if arrival.owner_id in self.gone:
            raise AuthorGone
        known = self._known(arrival)
        if known is not None and known.upload.state is not State.FAILED:
            if known.expires_at is not None:
                known.expires_at = max(known.expires_at, self.now + DAY)
            return known.upload, known.source == arrival.source
        if known is None:
            used = await self.used(arrival.owner_id)
            if arrival.resumable_id and self.resumables is not None:
                used -= self.resumables.rows[arrival.resumable_id].length
            if used + arrival.bytes > quota_bytes:
                raise QuotaExceeded
            known = self._new(arrival)
        elif known.expires_at is not None:
            known.expires_at = max(known.expires_at, self.now + DAY)
        known.source, known.attempts, known.leased_until = arrival.source, 0, NOW
        known.upload = replace(known.upload, state=State.PROCESSING, failure="")
        self.events.append(MediaUploaded(known.upload.id, arrival.owner_id))
        return known.upload, True

    def _known(self, arrival: Arrival) -> UploadRow | None:
        mine = [row for row in self.rows.values() if row.upload.owner_id == arrival.owner_id]
        return next((row for row in mine if row.digest == arrival.digest), None)

    def _new(self, arrival: Arrival) -> UploadRow:
        number = max(self.rows, default=0) + 1
        stem = f"{number:x}-{arrival.digest.hex()[:32]}"
        upload = Upload(
            number,
            arrival.owner_id,
            stem,
            arrival.content_type,
            arrival.bytes,
            State.PROCESSING,
            self.now,
        )
        self.rows[number] = UploadRow(upload, arrival.digest, arrival.source, self.now + DAY)
        return self.rows[number]

    async def used(self, owner_id: int) -> int:
        uploads = [row.upload for row in self.rows.values()]
        used = sum(upload.bytes for upload in uploads if upload.owner_id == owner_id)
        return used + (self.resumables.announced(owner_id) if self.resumables else 0)

    async def get(self, upload_id: int) -> Upload | None:
        return self.rows[upload_id].upload if upload_id in self.rows else None

    async def remove(self, upload_id: int) -> None:
        if upload_id not in self.rows:
            return
        if upload_id in self.shown or self.rows[upload_id].is_avatar:
            raise MediaInUse
        self._doom(self.rows.pop(upload_id))

    async def remove_all_of(self, owner_id: int) -> None:
        mine = [key for key, row in self.rows.items() if row.upload.owner_id == owner_id]
        for key in mine:
            self._doom(self.rows.pop(key))

    def _doom(self, row: UploadRow) -> None:
        for key in (f"media/{row.upload.stem}", *row.source):
            self.doom[key] = self.now

    async def show_avatar(self, owner_id: int, stem: str | None) -> None:
        for number, row in self.rows.items():
            if row.upload.owner_id != owner_id or row.is_avatar == (row.upload.stem == stem):
                continue
            row.is_avatar = not row.is_avatar
            is_kept = row.is_avatar or number in self.shown
            row.expires_at = None if is_kept else self.now

    async def claim(self, lease: timedelta) -> Job | None:
        for _, row in sorted(self.rows.items()):
            if row.upload.state is State.PROCESSING and row.leased_until <= self.now:
                row.attempts += 1
                row.leased_until = self.now + lease
                return Job(row.upload, row.source, row.attempts)
        return None

    async def finish(self, upload_id: int, outcome: Outcome) -> bool:
        return self._end(upload_id, State.READY, outcome=outcome)

    async def fail(self, upload_id: int, reason: str) -> bool:
        return self._end(upload_id, State.FAILED, failure=reason)

    def _end(self, upload_id: int, state: State, **found: object) -> bool:
        row = self.rows.get(upload_id)
        if row is None or row.upload.state is not State.PROCESSING:
            return False
        row.upload = replace(row.upload, state=state, **found)  # type: ignore[arg-type] # by name
        row.source = ()
        self.events.append(MediaProcessed(upload_id, row.upload.owner_id, state))
        return True

    async def release(self, upload_id: int, delay: timedelta) -> None:
        self.rows[upload_id].leased_until = self.now + delay

    async def give_back(self, upload_id: int, delay: timedelta) -> None:
        self.rows[upload_id].attempts -= 1
        await self.release(upload_id, delay)

    async def expire(self) -> int:
        old = [
            key
            for key, row in self.rows.items()
            if row.expires_at is not None and row.expires_at < self.now and key not in self.shown
        ]
        before = len(self.doom)
        for key in old:
            self._doom(self.rows.pop(key))
        return len(self.doom) - before

    async def doomed(self) -> list[str]:
        return list(self.doom)

    async def forget_doomed(self, keys: Sequence[str], older_than: timedelta) -> None:
        for key in keys:
            if self.doom[key] < self.now - older_than:
                del self.doom[key]

    async def known_sources(self, keys: Sequence[str]) -> set[str]:
        waiting = {key for row in self.rows.values() for key in row.source}
        if self.resumables is not None:
            waiting |= {part for one in self.resumables.rows.values() for part in one.parts}
        return waiting & set(keys)


class InMemoryResumables:
    """Resumable uploads of one process."""

    def __init__(self, uploads: InMemoryUploads) -> None:
        self.rows: dict[str, ResumableUpload] = {}
        self._uploads = uploads
        uploads.resumables = self

    async def begin(self, upload: ResumableUpload, quota_bytes: int) -> None:
        if upload.owner_id in self._uploads.gone:
            raise AuthorGone
        if await self._uploads.used(upload.owner_id) + upload.length > quota_bytes:
            raise QuotaExceeded
        self.rows[upload.id] = upload

    async def get(self, upload_id: str) -> ResumableUpload | None:
        return self.rows.get(upload_id)

    async def append(self, upload: ResumableUpload, part: str, size: int) -> ResumableUpload:
        known = self.rows.get(upload.id)
        if known is None:
            raise UploadNotFound
        if known.offset != upload.offset or known.media_id is not None:
            raise OffsetConflict
        after = replace(known, offset=known.offset + size, parts=(*known.parts, part))
        self.rows[upload.id] = after
        return after

    def announced(self, owner_id: int) -> int:
        """How many bytes an owner's uploads that are under way will have."""
        mine = [row for row in self.rows.values() if row.owner_id == owner_id]
        return sum(row.length for row in mine if row.media_id is None)

    def became(self, upload_id: str, media_id: int) -> None:
        """It has become media, to which its parts belong."""
        self.rows[upload_id] = replace(self.rows[upload_id], media_id=media_id)

    async def forget(self, upload_id: str) -> None:
        if upload_id in self.rows and self.rows[upload_id].media_id is None:
            for part in self.rows.pop(upload_id).parts:
                self._uploads.doom[part] = self._uploads.now

    async def expire(self) -> None:
        old = [key for key, row in self.rows.items() if row.expires_at < datetime.now(UTC)]
        for key in old:
            await self.forget(key)
            self.rows.pop(key, None)


class CopyingProcessor:
    """Makes one file of each, a copy; or fails, with what it was told to."""

    def __init__(self) -> None:
        self.failure = ""
        self.dies = 0
        self.seen: list[bytes] = []
        self.in_idle_time: list[bool] = []

    async def process(
        self, source: Path, folder: Path, content_type: str, *, in_idle_time: bool
    ) -> Outcome:
        self.in_idle_time.append(in_idle_time)
        self.seen.append(source.read_bytes())  # noqa: ASYNC240 - tiny
        if self.dies:
            self.dies -= 1
            raise WorkerDied
        if self.failure:
            raise ProcessingFailed(self.failure)
        (folder / "large.jpg").write_bytes(self.seen[-1])
        return an_outcome(len(self.seen[-1]))


def an_outcome(size: int = 9) -> Outcome:
    """What is made of a picture."""
    variant = Variant("large", "large.jpg", "image/jpeg", 4, 3, size)
    return Outcome(4, 3, "L00000fQfQfQfQfQfQfQfQfQfQfQ", (variant,), duration_ms=1500)
