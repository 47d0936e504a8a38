"""Cursors that a client can hand back and not change: the service's own, sealed with an HMAC."""

import base64
import binascii
import hashlib
import hmac

from service_kit.errors import FieldViolation, InvalidArgument

_TAG_BYTES = 12
"""96 bits: nobody guesses a tag, and a cursor stays short enough for a URL."""


class Cursors:
    """Seals and opens cursors with a secret that all replicas share."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, kind: str, cursor: str) -> str:
        """What a client gets for a service's `cursor` of the list `kind`; nothing for nothing."""
        if not cursor:
            return ""
        body = cursor.encode()
        return base64.urlsafe_b64encode(self._tag(kind, body) + body).rstrip(b"=").decode()

    def open(self, kind: str, sealed: str) -> str:
        """The service's cursor again.

        Raises InvalidArgument for one that was changed, or made for another list.
        """
        if not sealed:
            return ""
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
            if hmac.compare_digest(tag, self._tag(kind, body)):
                return body.decode()
        except (binascii.Error, ValueError):
            pass
        raise InvalidArgument(violations=[FieldViolation("cursor", "is not one of this list")])

    def _tag(self, kind: str, body: bytes) -> bytes:
        message = kind.encode() + b"\0" + body
        return hmac.digest(self._secret, message, hashlib.sha256)[:_TAG_BYTES]
