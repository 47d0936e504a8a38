"""Which kind of file some bytes begin."""

from typing import Final

import filetype

_ALIASES: Final = {"video/x-m4v": "video/mp4", "image/heif": "image/heic"}


def media_type_of(head: bytes) -> str | None:
    """The media type of a file that begins with these bytes, whatever its name is."""
    found = filetype.guess_mime(head) if head else None
    return _ALIASES.get(found, found) if found else None
