"""Pictures and clips that people upload, as a client sees them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MediaVariant:
    """One size and format of a picture, or the poster of a clip."""

    name: str
    url: str
    content_type: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class MediaItem:
    """An upload. `state` is `processing`, `ready` or `failed`; sizes are pixels, upright.

    `duration_ms` is a clip's, where it is known.
    """

    id: int
    type: str
    state: str
    url: str
    width: int | None
    height: int | None
    bytes: int
    blurhash: str
    variants: Sequence[MediaVariant]
    failure: str
    content_type: str
    kept_as_sent: bool
    created_at: datetime
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A part of an object: `length` bytes (0: all) from `offset` (negative: from its end)."""

    offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of `size` bytes, and those of one part of it; `url` is where to go instead."""

    content_type: str
    size: int
    offset: int
    length: int
    url: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class MediaUpload:
    """A resumable upload: `offset` of `length` bytes have arrived; at the end it is `media`."""

    id: str
    length: int
    offset: int
    expires_at: datetime
    media: MediaItem | None
