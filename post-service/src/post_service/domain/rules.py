"""The rules of a post's parts (REST API, part 5)."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

from post_service.domain.errors import FieldViolation

Violations = Iterator[FieldViolation]

_TITLE: Final = 255
_CONTENT: Final = 100_000
_TAGS: Final = 20
_TAG: Final = 64
_MEDIA: Final = 9
_URL: Final = 512
_DESCRIPTION: Final = 500
_KEY: Final = 255
_TYPES: Final = ("image", "video")


class Attachment(Protocol):
    """Media as it is to be attached."""

    @property
    def url(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def description(self) -> str | None: ...
    @property
    def media_id(self) -> int: ...


def id_violations(field: str, value: int) -> Violations:
    """Ids are counted from 1."""
    if value < 1:
        yield FieldViolation(field, "must be at least 1")


def title_violations(title: str) -> Violations:
    """1 to 255 characters, not only white space, no control characters."""
    if not 1 <= len(title) <= _TITLE:
        yield FieldViolation("title", f"must have 1 to {_TITLE} characters")
    elif title.isspace():
        yield FieldViolation("title", "must not be only white space")
    elif any(unicodedata.category(letter) == "Cc" for letter in title):
        yield FieldViolation("title", "must not contain control characters")


def content_violations(content: str) -> Violations:
    """Up to 100,000 characters."""
    yield from _text_violations("content", content, _CONTENT)


def tag_violations(field: str, tags: Sequence[str]) -> Violations:
    """Up to 20 distinct tags of 1 to 64 characters."""
    if len(tags) > _TAGS:
        yield FieldViolation(field, f"must be at most {_TAGS}")
    if not all(1 <= len(tag) <= _TAG for tag in tags):
        yield FieldViolation(field, f"must have 1 to {_TAG} characters each")
    if any("\0" in tag for tag in tags):
        yield FieldViolation(field, "must not contain NUL")


def period_violations(after: datetime | None, before: datetime | None) -> Violations:
    """A period does not end before it begins."""
    if after is not None and before is not None and after > before:
        yield FieldViolation("created_after", "must not be later than created_before")


def media_violations(media: Sequence[Attachment]) -> Violations:
    """Up to 9, each at a position of its own."""
    if len(media) > _MEDIA:
        yield FieldViolation("media_items", f"must be at most {_MEDIA}")
    taken = Counter(item.position for item in media)
    for place, item in enumerate(media):
        field = f"media_items.{place}"
        yield from _attachment_violations(field, item)
        if taken[item.position] > 1:
            yield FieldViolation(f"{field}.position", "must be unique in a post")


def key_violations(key: str | None) -> Violations:
    """An idempotency key is a short text of the caller's own."""
    yield from _text_violations("idempotency_key", key or "", _KEY)


def _attachment_violations(field: str, item: Attachment) -> Violations:
    if item.media_id:
        yield from id_violations(f"{field}.media_id", item.media_id)
    elif len(item.url) > _URL or not _is_web_address(item.url):
        issue = f"must be an absolute http or https address of at most {_URL} characters"
        yield FieldViolation(f"{field}.url", issue)
    if not item.media_id and item.type not in _TYPES:
        yield FieldViolation(f"{field}.type", f"must be {' or '.join(_TYPES)}")
    if not 1 <= item.position <= _MEDIA:
        yield FieldViolation(f"{field}.position", f"must be 1 to {_MEDIA}")
    yield from _text_violations(f"{field}.description", item.description or "", _DESCRIPTION)


def _text_violations(field: str, text: str, longest: int) -> Violations:
    if len(text) > longest:
        yield FieldViolation(field, f"must have at most {longest} characters")
    if "\0" in text:
        yield FieldViolation(field, "must not contain NUL")


def _is_web_address(value: str) -> bool:
    if any(letter.isspace() or not letter.isprintable() for letter in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
