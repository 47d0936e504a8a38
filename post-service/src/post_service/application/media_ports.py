"""What the use cases of uploads need from outside."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from post_service.domain.media import Arrival, Job, Outcome, ResumableUpload, Upload


@dataclass(frozen=True, slots=True)
class ObjectPart:
    """An object that a store lists."""

    key: str
    bytes: int
    last_modified: datetime


class Objects(Protocol):
    """Bytes by key, written whole or not at all. Raises `Unavailable` while the store is away."""

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Store what `chunks` give; what they raise passes, and nothing is stored."""
        ...

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Store a file of this machine."""
        ...

    async def size(self, key: str) -> int | None:
        """How many bytes an object has; None where there is none."""
        ...

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, without, `end`."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are missing are no error."""
        ...

    def under(self, prefix: str) -> AsyncIterator[ObjectPart]:
        """All objects in a folder."""
        ...

    async def link(self, key: str) -> str | None:
        """An address that anybody can read the object from for some minutes, if the store can."""
        ...

    async def clear_unfinished(self, older_than: timedelta) -> None:
        """Delete what a crash has left half written."""
        ...


class Uploads(Protocol):
    """The files that people have sent. Each method takes effect whole or not at all."""

    async def add(self, arrival: Arrival, quota_bytes: int) -> tuple[Upload, bool]:
        """The upload of these bytes, announced, and whether they are kept now.

        False where the owner has sent the same before. One that had failed is tried again.
        The resumable upload that they arrived by has become media by that.
        Raises `AuthorGone` and `QuotaExceeded`.
        """
        ...

    async def used(self, owner_id: int) -> int:
        """How many bytes the uploads of an owner have, with those announced that are under way."""
        ...

    async def get(self, upload_id: int) -> Upload | None:
        """The upload with this id."""
        ...

    async def remove(self, upload_id: int) -> None:
        """Delete an upload, and doom its objects. Raises `MediaInUse`."""
        ...

    async def remove_all_of(self, owner_id: int) -> None:
        """Delete all uploads of an owner who is gone, finished or not; their posts went before."""
        ...

    async def show_avatar(self, owner_id: int, stem: str | None) -> None:
        """Keep the owner's upload with that stem as the avatar, and no other one."""
        ...

    async def claim(self, lease: timedelta) -> Job | None:
        """The oldest upload that waits and that nobody works on; it is the caller's for `lease`."""
        ...

    async def finish(self, upload_id: int, outcome: Outcome) -> bool:
        """Make an upload ready, and announce it; False where it is gone."""
        ...

    async def fail(self, upload_id: int, reason: str) -> bool:
        """Say that nothing can be made of it; False where it is gone."""
        ...

    async def release(self, upload_id: int, delay: timedelta) -> None:
        """Let anybody claim it after a while."""
        ...

    async def give_back(self, upload_id: int, delay: timedelta) -> None:
        """As `release`, and the attempt was none."""
        ...

    async def expire(self) -> int:
        """Delete the uploads that nothing has shown for too long, and doom their objects."""
        ...

    async def doomed(self) -> list[str]:
        """Keys and folders of objects to delete."""
        ...

    async def forget_doomed(self, keys: Sequence[str], older_than: timedelta) -> None:
        """Those objects are deleted; what may still be written is asked for again until then."""
        ...

    async def known_sources(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that an upload, finished or not, still needs."""
        ...


class Resumables(Protocol):
    """Uploads under way. Each method takes effect whole or not at all."""

    async def begin(self, upload: ResumableUpload, quota_bytes: int) -> None:
        """Open one. Raises `AuthorGone`, and `QuotaExceeded` for what it announces."""
        ...

    async def get(self, upload_id: str) -> ResumableUpload | None:
        """The one with this id, if it has not expired."""
        ...

    async def append(self, upload: ResumableUpload, part: str, size: int) -> ResumableUpload:
        """It with one more part. Raises `OffsetConflict` where it is elsewhere by now, and
        `UploadNotFound`.
        """
        ...

    async def forget(self, upload_id: str) -> None:
        """Delete one that has not become media, and doom its parts."""
        ...

    async def expire(self) -> None:
        """Forget those that are too old."""
        ...


class Turns(Protocol):
    """When there is time for more work beside the requests."""

    async def turn(self) -> None:
        """Return when there is."""
        ...


class Processors(Protocol):
    """What looks into files and makes what is shown of them."""

    async def process(
        self, source: Path, folder: Path, content_type: str, *, in_idle_time: bool
    ) -> Outcome:
        """Write the variants into `folder`, each under its `file`; perhaps when nobody else works.

        Raises `ProcessingFailed` where nothing can be made of the file, and `WorkerDied`.
        """
        ...
