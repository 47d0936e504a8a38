"""Pictures and clips: what is seen of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from api_gateway.adapters.http.schemas.fields import Data
from api_gateway.domain.media import MediaItem, MediaUpload, MediaVariant

MediaKey = Annotated[str, Field(max_length=128)]
"""The last part of an address of media; of any other text there is none."""
UploadId = Annotated[str, Field(max_length=64)]


class MediaVariantData(Data):
    """One size and format of a picture, or the poster of a clip."""

    name: Annotated[
        str, Field(json_schema_extra={"enum": ["small", "medium", "large", "poster", "clip"]})
    ]
    url: str
    type: str
    width: int
    height: int
    bytes: int


class MediaItemData(Data):
    """An upload; width and height (pixels, upright), blurhash and variants are of a ready one."""

    id: int
    type: Annotated[str, Field(json_schema_extra={"enum": ["image", "video"]})]
    state: Annotated[str, Field(json_schema_extra={"enum": ["processing", "ready", "failed"]})]
    url: Annotated[str, Field(description="Answers 404 until the state is `ready`.")]
    content_type: Annotated[str, Field(description="Of what was sent, found in its bytes.")]
    bytes: Annotated[int, Field(description="Of what was sent.")]
    width: int | None = None
    height: int | None = None
    duration_ms: Annotated[int | None, Field(description="Of a clip.")] = None
    blurhash: str | None = None
    variants: list[MediaVariantData]
    kept_as_sent: Annotated[
        bool | None,
        Field(description="A clip that is served unchanged: nothing could look into it."),
    ] = None
    failure: Annotated[str | None, Field(description="Why it failed, for people.")] = None
    created_at: datetime


class MediaUploadData(Data):
    """A resumable upload, and what it became."""

    id: str
    length: int
    offset: int
    expires_at: datetime
    media: MediaItemData | None = None


_STEM: Final = "http://127.0.0.1:8080/media/9-6e340b9cffb37a989ca544e6bb780a2c"
EXAMPLE: Final[Mapping[str, object]] = {
    "id": 9,
    "type": "image",
    "state": "ready",
    "url": f"{_STEM}-large.jpg",
    "content_type": "image/png",
    "bytes": 182044,
    "width": 1280,
    "height": 960,
    "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    "variants": [
        {
            "name": "small",
            "url": f"{_STEM}-small.webp",
            "type": "image/webp",
            "width": 320,
            "height": 240,
            "bytes": 9120,
        }
    ],
    "created_at": "2026-01-02T03:04:05Z",
}
UPLOADED_EXAMPLE: Final[Mapping[str, object]] = {
    **{name: EXAMPLE[name] for name in ("id", "type", "url", "content_type", "bytes")},
    "state": "processing",
    "variants": [],
    "created_at": EXAMPLE["created_at"],
}
UPLOAD_EXAMPLE: Final[Mapping[str, object]] = {
    "id": "5e1c3c0f0b0d4b6c8f4c1d2e3f405162",
    "length": 73400320,
    "offset": 5242880,
    "expires_at": "2026-01-03T03:04:05Z",
}


def media_content(item: MediaItem) -> dict[str, Any]:
    """An upload as its owner sees it; what is not known is absent."""
    content: dict[str, Any] = {
        "id": item.id,
        "type": item.type,
        "state": item.state,
        "url": item.url,
        "content_type": item.content_type,
        "bytes": item.bytes,
        "variants": [_variant(variant) for variant in item.variants],
        "created_at": item.created_at,
    }
    for name in ("width", "height", "duration_ms", "blurhash", "failure", "kept_as_sent"):
        if value := getattr(item, name):
            content[name] = value
    return content


def upload_content(upload: MediaUpload) -> dict[str, Any]:
    """A resumable upload as its owner sees it."""
    content: dict[str, Any] = {
        "id": upload.id,
        "length": upload.length,
        "offset": upload.offset,
        "expires_at": upload.expires_at,
    }
    if upload.media is not None:
        content["media"] = media_content(upload.media)
    return content


def _variant(variant: MediaVariant) -> dict[str, Any]:
    return {
        "name": variant.name,
        "url": variant.url,
        "type": variant.content_type,
        "width": variant.width,
        "height": variant.height,
        "bytes": variant.bytes,
    }
