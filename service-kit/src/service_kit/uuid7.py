"""UUIDs in order of time (RFC 9562, section 5.7), which Python has from 3.14 on."""

import secrets
import time
from uuid import UUID

_VERSION_AND_VARIANT = 0x7 << 76 | 0b10 << 62


def uuid7() -> UUID:
    """A new UUIDv7; the 12 bits below the millisecond hold its fraction (section 6.2, method 3)."""
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << 12) // 1_000_000
    stamp = (milliseconds & (1 << 48) - 1) << 80
    return UUID(int=stamp | fraction << 64 | secrets.randbits(62) | _VERSION_AND_VARIANT)
