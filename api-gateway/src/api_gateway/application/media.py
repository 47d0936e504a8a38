"""The port onto what keeps pictures and clips."""

from collections.abc import AsyncIterator
from typing import Protocol

from api_gateway.domain.media import MediaItem, MediaUpload, Span, StoredObject


class Media(Protocol):
    """Uploads and what is shown of them; every method may raise `Unavailable`."""

    async def upload(self, owner_id: int, chunks: AsyncIterator[bytes]) -> MediaItem:
        """Take a whole file; what `chunks` raise passes.

        Raises InvalidArgument for what is no picture or clip or too large, and ResourceExhausted.
        """
        ...

    async def get(self, media_id: int, caller_id: int) -> MediaItem:
        """One's own. Raises NotFound and PermissionDenied."""
        ...

    async def delete(self, media_id: int, caller_id: int) -> None:
        """Delete one's own. Raises as `get`, and AlreadyExists while something shows it."""
        ...

    async def read(self, key: str, span: Span, *, describe_only: bool) -> StoredObject:
        """A part of an object; a part beyond its end is empty. Raises NotFound."""
        ...

    async def begin(self, owner_id: int, length: int) -> MediaUpload:
        """Open a resumable upload. Raises InvalidArgument and ResourceExhausted."""
        ...

    async def progress(self, upload_id: str, caller_id: int) -> MediaUpload:
        """How far one's own is. Raises NotFound and PermissionDenied."""
        ...

    async def append(
        self, upload_id: str, caller_id: int, offset: int, chunks: AsyncIterator[bytes]
    ) -> MediaUpload:
        """Add what `chunks` give; a client that goes away ends them, and what came stays.

        Raises as `progress` and `upload`, and AlreadyExists where the upload is elsewhere.
        """
        ...

    async def abort(self, upload_id: str, caller_id: int) -> None:
        """Forget one's own. Raises as `progress`."""
        ...
