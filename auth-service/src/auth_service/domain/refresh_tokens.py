"""Refresh tokens: 256 random bits, known to the database by their digest only."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

_BYTES: Final = 32
_PURPOSE: Final = b"successor of a refresh token\0"


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """Makes refresh tokens; `key` is shared by all replicas."""

    key: bytes = field(repr=False)

    def first(self) -> str:
        """A token that begins a family."""
        return _encode(secrets.token_bytes(_BYTES))

    def successor(self, token: str) -> str:
        """The token that follows, always the same: so that it can be given again unstored."""
        return _encode(hmac.digest(self.key, _PURPOSE + token.encode(), "sha256"))

    def digest(self, token: str) -> bytes:
        """What is stored. No salt: 256 random bits can't be guessed."""
        return hashlib.sha256(token.encode()).digest()


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
