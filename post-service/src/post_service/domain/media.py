"""A picture or clip that somebody uploaded, and what can go wrong with one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from service_kit.errors import AlreadyExists, FieldViolation, InvalidArgument, NotFound
from service_kit.errors import ResourceExhausted as LimitReached

SUFFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/gif": "gif",
        "image/webp": "webp",
        "image/heic": "heic",
        "image/avif": "avif",
        "video/mp4": "mp4",
        "video/quicktime": "mov",
        "video/webm": "webm",
    }
)
"""The media types that are taken, with the suffix that an object of each has."""

_KEY: Final = re.compile(r"([0-9a-f]+-[0-9a-f]{32})-([a-z]+\.[a-z0-9]+)")


class State(StrEnum):
    """How far an upload is."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Variant:
    """One size and format of an upload; `file` is the last part of its address."""

    name: str
    file: str
    content_type: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What processing found and made. Width and height are pixels, upright; 0 is unknown.

    The duration is a clip's.
    """

    width: int = 0
    height: int = 0
    blurhash: str = ""
    variants: tuple[Variant, ...] = ()
    kept_as_sent: bool = False
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that has arrived whole: its SHA-256, its media type and size, and where it lies.

    `resumable_id` is the upload that it arrived by, where it came in pieces.
    """

    owner_id: int
    digest: bytes
    content_type: str
    bytes: int
    source: tuple[str, ...]
    resumable_id: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of an owner's; `stem` is what the names of its objects begin with."""

    id: int
    owner_id: int
    stem: str
    content_type: str
    bytes: int
    state: State
    created_at: datetime
    outcome: Outcome = Outcome()
    failure: str = ""

    @property
    def type(self) -> str:
        """`image` or `video`."""
        return self.content_type.partition("/")[0]

    @property
    def key(self) -> str:
        """The last part of its address, known before there is anything to see."""
        return main_key(self.stem, self.content_type)


@dataclass(frozen=True, slots=True)
class Job:
    """An upload to be processed, and which attempt at it this is, from 1."""

    upload: Upload
    source: tuple[str, ...]
    attempt: int


@dataclass(frozen=True, slots=True)
class ResumableUpload:
    """An upload under way: `offset` of `length` bytes have arrived, in the objects `parts`."""

    id: str
    owner_id: int
    length: int
    offset: int
    parts: tuple[str, ...]
    expires_at: datetime
    media_id: int | None = None


class MediaNotFound(NotFound):
    """No such upload, or no such object."""

    code = "MEDIA_NOT_FOUND"
    message = "media not found"


class UploadNotFound(NotFound):
    """No resumable upload has this id; it may have expired."""

    code = "UPLOAD_NOT_FOUND"
    message = "upload not found"


class MediaInUse(AlreadyExists):
    """A post or a profile shows it."""

    code = "MEDIA_IN_USE"
    message = "media is in use"


class OffsetConflict(AlreadyExists):
    """The upload is not where the caller believes it to be."""

    code = "UPLOAD_OFFSET_CONFLICT"
    message = "upload offset does not match"


class QuotaExceeded(LimitReached):
    """The owner's uploads would take more than one may have."""

    code = "MEDIA_QUOTA_EXCEEDED"
    message = "media quota exceeded"


class TooManyUploads(LimitReached):
    """As many files arrive at once as this process takes."""

    code = "TOO_MANY_UPLOADS"
    message = "too many uploads at once"


class UnsupportedMedia(InvalidArgument):
    """The bytes are no picture or clip of a kind that is taken."""

    code = "UNSUPPORTED_MEDIA"

    def __init__(self) -> None:
        issue = "must be a JPEG, PNG, GIF, WebP, HEIC or AVIF picture, or an MP4, MOV or WebM clip"
        super().__init__(violations=[FieldViolation("file", issue)])


class MediaTooLarge(InvalidArgument):
    """The file is larger than its kind may be."""

    code = "MEDIA_TOO_LARGE"

    def __init__(self, most: int) -> None:
        super().__init__(violations=[FieldViolation("file", f"must have at most {most} bytes")])


class WorkerDied(Exception):
    """What processed the file ended without a word; it may go better another time."""


class ProcessingFailed(Exception):
    """Nothing can be made of the file; the text says why, for its owner."""


def main_key(stem: str, content_type: str) -> str:
    """The key of what is shown of an upload: the large JPEG of a picture, a clip itself."""
    is_picture = content_type.startswith("image/")
    return f"{stem}-{'large.jpg' if is_picture else f'clip.{SUFFIXES[content_type]}'}"


def stem_and_file(key: str) -> tuple[str, str]:
    """The two parts of an object's key. Raises `MediaNotFound` for what is none."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise MediaNotFound
    return match[1], match[2]


def stem_of(url: str, base_url: str) -> str | None:
    """The stem of the upload that an address of our own shows; None of any other address."""
    match = _KEY.fullmatch(url.removeprefix(f"{base_url}/")) if url.startswith(base_url) else None
    return match[1] if match else None
