"""post-service's media in memory."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from service_kit.errors import AlreadyExists, FieldViolation, InvalidArgument, NotFound
from service_kit.errors import PermissionDenied as Forbidden

from api_gateway.domain.media import MediaItem, MediaUpload, MediaVariant, Span, StoredObject

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class InMemoryMedia:
    """Files that begin with `image` or `video`, each ready at once."""

    def __init__(self) -> None:
        self.files: dict[int, tuple[int, bytes]] = {}
        self.states: dict[int, str] = {}
        self.uploads: dict[str, tuple[int, int, bytes]] = {}
        self.shown: set[int] = set()
        self.link = ""

    async def upload(self, owner_id: int, chunks: AsyncIterator[bytes]) -> MediaItem:
        content = b"".join([chunk async for chunk in chunks])
        return self._kept(owner_id, content)

    async def get(self, media_id: int, caller_id: int) -> MediaItem:
        if media_id not in self.files:
            raise NotFound("media not found", code="MEDIA_NOT_FOUND")
        if self.files[media_id][0] != caller_id:
            raise Forbidden
        return self._item(media_id)

    async def delete(self, media_id: int, caller_id: int) -> None:
        await self.get(media_id, caller_id)
        if media_id in self.shown:
            raise AlreadyExists("media is in use", code="MEDIA_IN_USE")
        del self.files[media_id]

    async def read(self, key: str, span: Span, *, describe_only: bool) -> StoredObject:
        number = key.partition("-")[0]
        if not number.isdecimal() or int(number) not in self.files:
            raise NotFound("media not found", code="MEDIA_NOT_FOUND")
        content = self.files[int(number)][1]
        start = min(len(content), span.offset)
        start = start if span.offset >= 0 else max(0, len(content) + span.offset)
        part = content[start : start + span.length] if span.length else content[start:]
        chunks = _halves(b"" if describe_only or self.link else part)
        return StoredObject("image/jpeg", len(content), start, len(part), self.link, chunks)

    async def begin(self, owner_id: int, length: int) -> MediaUpload:
        upload_id = f"u{len(self.uploads)}"
        self.uploads[upload_id] = (owner_id, length, b"")
        return self._progress(upload_id)

    async def progress(self, upload_id: str, caller_id: int) -> MediaUpload:
        if upload_id not in self.uploads:
            raise NotFound("upload not found", code="UPLOAD_NOT_FOUND")
        if self.uploads[upload_id][0] != caller_id:
            raise Forbidden
        return self._progress(upload_id)

    async def append(
        self, upload_id: str, caller_id: int, offset: int, chunks: AsyncIterator[bytes]
    ) -> MediaUpload:
        if (await self.progress(upload_id, caller_id)).offset != offset:
            raise AlreadyExists("upload offset does not match", code="UPLOAD_OFFSET_CONFLICT")
        owner_id, length, content = self.uploads[upload_id]
        content += b"".join([chunk async for chunk in chunks])
        self.uploads[upload_id] = (owner_id, length, content)
        return self._progress(upload_id)

    async def abort(self, upload_id: str, caller_id: int) -> None:
        await self.progress(upload_id, caller_id)
        del self.uploads[upload_id]

    def _progress(self, upload_id: str) -> MediaUpload:
        owner_id, length, content = self.uploads[upload_id]
        media = self._kept(owner_id, content) if len(content) == length else None
        return MediaUpload(upload_id, length, len(content), NOW, media)

    def _kept(self, owner_id: int, content: bytes) -> MediaItem:
        if not content.startswith((b"image", b"video")):
            violations = [FieldViolation("file", "must be a picture or a clip")]
            raise InvalidArgument(code="UNSUPPORTED_MEDIA", violations=violations)
        known = [number for number, file in self.files.items() if file == (owner_id, content)]
        number = known[0] if known else len(self.files) + 1
        self.files[number] = (owner_id, content)
        return self._item(number)

    def _item(self, number: int) -> MediaItem:
        content = self.files[number][1]
        kind, state = content[:5].decode(), self.states.get(number, "ready")
        url = f"http://gateway/media/{number}-large.jpg"
        return MediaItem(
            id=number,
            type=kind,
            state=state,
            url=url,
            width=4,
            height=3,
            bytes=len(content),
            blurhash="L00000fQfQfQfQfQfQfQfQfQfQfQ",
            variants=[MediaVariant("large", url, "image/jpeg", 4, 3, 9)],
            failure="it is damaged" if state == "failed" else "",
            content_type=f"{kind}/x",
            kept_as_sent=kind == "video",
            created_at=NOW,
        )


async def _halves(content: bytes) -> AsyncIterator[bytes]:
    middle = len(content) // 2
    for part in (content[:middle], content[middle:]):
        if part:
            yield part
