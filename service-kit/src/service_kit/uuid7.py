"""UUIDs in order of time (RFC 9562, section 5.7), which Python has from 3.14 on."""

import os
import struct
import time
from typing import Final
from uuid import UUID

_VERSION_AND_VARIANT: Final = 0x7 << 76 | 0b10 << 62
_RANDOM_BITS: Final = (1 << 62) - 1
_WORDS: Final = struct.Struct("512Q")

_words: list[int] = []
os.register_at_fork(after_in_child=_words.clear)


def uuid7() -> UUID:
    """A new UUIDv7; the 12 bits below the millisecond hold its fraction (section 6.2, method 3)."""
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << 12) // 1_000_000
    stamp = (milliseconds & (1 << 48) - 1) << 80
    return UUID(int=stamp | fraction << 64 | _random() & _RANDOM_BITS | _VERSION_AND_VARIANT)


def _random() -> int:
    """64 bits from the kernel, which is asked for many at a time, as each time is a system call."""
    while True:
        try:
            return _words.pop()
        except IndexError:
            _words.extend(_WORDS.unpack(os.urandom(_WORDS.size)))
