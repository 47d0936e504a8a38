"""What a key of a cache holds, as bytes: a kind, a nonce, the time of the refresh, the value."""

import os
import struct
from dataclasses import dataclass
from typing import Any, Final

_HEADER: Final = struct.Struct(">c8sd")
_VALUE: Final = b"v"
_ABSENT: Final = b"n"
_LEASE: Final = b"l"
_SUSPENSION: Final = b"s"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a key holds: a value, the knowledge that there is none, a lease, or suspensions."""

    raw: bytes

    @property
    def is_lease(self) -> bool:
        """Whether somebody has marked the key, so that there is nothing to read in it."""
        return self.raw[:1] in (_LEASE, _SUSPENSION)

    @property
    def value(self) -> bytes | None:
        """The cached bytes; None where it is known that there are none."""
        return self.raw[_HEADER.size :] if self.raw[:1] == _VALUE else None

    def is_stale(self, now: float) -> bool:
        """Whether it is time (a POSIX timestamp) to load the value anew."""
        refresh_at: float = _HEADER.unpack_from(self.raw)[2]
        return now >= refresh_at


def entry_from(raw: Any) -> Entry | None:
    """The entry that Redis answered with; None for no answer."""
    return None if raw is None else Entry(raw)


def new_lease() -> Entry:
    """A mark that nobody else has."""
    return Entry(_LEASE + os.urandom(16))


def new_mark() -> bytes:
    """The name of a suspension, which no other one has: 16 bytes."""
    return os.urandom(16)


def entry_of(value: bytes | None, refresh_at: float) -> Entry:
    """An entry unlike any other, so that it can't be taken for one with the same value."""
    kind = _ABSENT if value is None else _VALUE
    return Entry(_HEADER.pack(kind, os.urandom(8), refresh_at) + (value or b""))


@dataclass(frozen=True, slots=True)
class Swap:
    """Replace an entry (a lease, too) by another one for so many seconds, or by nothing."""

    expected: Entry
    new: Entry | None
    seconds: float = 0.0
