"""What is learnt of a file while its bytes pass: its digest, its kind, whether it is too large."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from post_service.domain.media import SUFFIXES, MediaTooLarge, UnsupportedMedia

_HEAD: Final = 512
"""Bytes that the kinds of files are told apart by."""

Recognise = Callable[[bytes], str | None]
"""The media type of a file that begins with these bytes."""


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """The most bytes that a file of each type may have."""

    image: int
    video: int

    def of(self, content_type: str) -> int:
        """The most bytes for a media type."""
        return self.image if content_type.startswith("image/") else self.video


class Receipt:
    """Watches the bytes of one file. They must pass in order."""

    def __init__(self, recognise: Recognise, limits: SizeLimits) -> None:
        self._recognise = recognise
        self._limits = limits
        self._hash = hashlib.sha256()
        self._head = b""
        self.bytes = 0
        self.content_type = ""

    @property
    def digest(self) -> bytes:
        """SHA-256 of what has passed."""
        return self._hash.digest()

    async def watch(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """The same chunks. Raises `UnsupportedMedia` or `MediaTooLarge` as soon as it is known."""
        async for chunk in chunks:
            self.take(chunk)
            yield chunk
        self.end()

    def take(self, chunk: bytes) -> None:
        """One more chunk."""
        self._hash.update(chunk)
        self.bytes += len(chunk)
        if not self.content_type:
            self._head += chunk[:_HEAD]
            if len(self._head) >= _HEAD:
                self._look()
        self._measure()

    def end(self) -> None:
        """That was all."""
        if not self.content_type:
            self._look()
        self._measure()

    def _measure(self) -> None:
        if self.content_type and self.bytes > self._limits.of(self.content_type):
            raise MediaTooLarge(self._limits.of(self.content_type))

    def _look(self) -> None:
        found = self._recognise(self._head)
        if found is None or found not in SUFFIXES:
            raise UnsupportedMedia
        self.content_type, self._head = found, b""
