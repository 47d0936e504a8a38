"""What a caller shows to be known, before anybody verifies it: is it an access token at all?"""

import re
from typing import Final

from service_kit.errors import Unauthenticated

from api_gateway.domain.principal import InvalidToken

_SCHEME: Final = "bearer"
_ACCESS_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""A JWS in compact form (RFC 7515, 3.1)."""

_REFRESH_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 bits in base64url."""


def bearer_token(authorization: str | None) -> str:
    """The access token in an Authorization field.

    Raises Unauthenticated where there is no field, else as `access_token` does.
    """
    if authorization is None:
        raise Unauthenticated
    parts = authorization.split()
    if len(parts) != 2 or parts[0].lower() != _SCHEME:
        raise InvalidToken
    return access_token(parts[1])


def access_token(shown: str) -> str:
    """What is shown, if it has the form of an access token.

    Raises Unauthenticated for a refresh token, which is good but not for this, and InvalidToken
    for anything else.
    """
    if _ACCESS_TOKEN.fullmatch(shown):
        return shown
    if _REFRESH_TOKEN.fullmatch(shown):
        raise Unauthenticated
    raise InvalidToken
