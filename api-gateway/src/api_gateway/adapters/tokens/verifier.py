"""Access tokens (RFC 9068), verified offline and remembered until they expire."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard

import jwt
from jwt.exceptions import DecodeError, PyJWTError
from service_kit.errors import Unauthenticated

from api_gateway.adapters.tokens.keys import ALGORITHMS, KnownKeys
from api_gateway.adapters.tokens.revocations import RETENTION_SECONDS, WatchedRevocations
from api_gateway.domain.principal import InvalidToken, Principal, TokenExpired

_TYPES: Final = ("at+jwt", "application/at+jwt")
_CLAIMS: Final = ["iss", "sub", "aud", "iat", "exp", "jti", "sid"]
_FOREIGN_KEYS: Final = ("jku", "jwk", "x5u", "x5c", "crit")
"""Header fields by which a token would bring its own key (RFC 8725, 3.10), or demand more."""
_ANY_SIGNATURE: Final = "AAAA"
_CLOCK_SKEW: Final = 30.0
_MAX_REMEMBERED: Final = 20_000


class JwtTokens:
    """Verifies access tokens with the key set; a token is verified once."""

    def __init__(
        self,
        keys: KnownKeys,
        revocations: WatchedRevocations,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._remembered: OrderedDict[str, Principal] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Who holds the token.

        Raises InvalidToken, TokenExpired or Unauthenticated; Unavailable while it is not known
        which tokens are revoked, or whose key signed this one.
        """
        principal = self._remembered.get(token)
        if principal is None:
            principal = self._principal(await self._claims(token))
            self._remember(token, principal)
        elif principal.expires_at <= self._clock():
            self._remembered.pop(token, None)
            raise TokenExpired
        if self._revocations.cover(principal):
            raise Unauthenticated
        return principal

    def _remember(self, token: str, principal: Principal) -> None:
        self._remembered[token] = principal
        if len(self._remembered) > _MAX_REMEMBERED:
            self._remembered.popitem(last=False)

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except DecodeError:
            raise (Unauthenticated if _is_well_formed(token) else InvalidToken) from None
        except PyJWTError:
            raise Unauthenticated from None
        try:
            return await self._signed(token, header)
        except Unauthenticated:
            if self._is_over(token):
                raise TokenExpired from None
            raise

    async def _signed(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        _check_header(header)
        key = await self._keys.find(header["kid"])
        if key is None or key.algorithm_name != header["alg"]:
            raise Unauthenticated
        return self._decoded(token, key)

    def _is_over(self, token: str) -> bool:
        """Whether it says of itself that its time is over, which is told first, whoever made it."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except PyJWTError:
            return False
        expires = claims.get("exp")
        return _is_number(expires) and expires <= self._clock()

    def _decoded(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False},
            )
        except PyJWTError:
            raise Unauthenticated from None
        return claims

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        issued, expires, now = claims["iat"], claims["exp"], self._clock()
        if not _is_number(issued) or not _is_number(expires):
            raise Unauthenticated
        if expires <= now:
            raise TokenExpired
        if issued > now + _CLOCK_SKEW or expires - issued > RETENTION_SECONDS:
            raise Unauthenticated
        subject, session, token_id = claims["sub"], claims["sid"], claims["jti"]
        roles = claims.get("roles", [])
        if not _is_id(subject) or not isinstance(session, str) or not isinstance(token_id, str):
            raise Unauthenticated
        if not isinstance(roles, list):
            raise Unauthenticated
        names = frozenset(role for role in roles if isinstance(role, str))
        return Principal(int(subject), session, token_id, names, float(expires), float(issued))


def _is_well_formed(token: str) -> bool:
    """Whether a token that is not decoded has no fault but a signature that nobody writes so.

    The bits after its last byte may be anything (RFC 4648, 3.5): the signature is wrong, the form
    is not. No text of 4n + 1 letters encodes anything.
    """
    signed, _, signature = token.rpartition(".")
    try:
        jwt.get_unverified_header(f"{signed}.{_ANY_SIGNATURE}")
    except PyJWTError:
        return False
    return len(signature) % 4 != 1


def _check_header(header: Mapping[str, Any]) -> None:
    kind, kid = header.get("typ"), header.get("kid")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise Unauthenticated
    if header.get("alg") not in ALGORITHMS or not isinstance(kid, str):
        raise Unauthenticated
    if any(name in header for name in _FOREIGN_KEYS):
        raise Unauthenticated


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and int(value) > 0
