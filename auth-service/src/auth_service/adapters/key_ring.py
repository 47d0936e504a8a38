"""Keys that sign access tokens: made, sealed, opened; and the tokens themselves (RFC 9068)."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import ECAlgorithm
from service_kit import logs
from service_kit.config import TokenSettings
from service_kit.errors import Unavailable

from auth_service.application.ports import SigningKeys
from auth_service.domain.models import Grant, SigningKey

_ALGORITHM: Final = "ES256"
_NONCE_BYTES: Final = 12
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def derived_key(secret: str, purpose: str) -> bytes:
    """256 bits for one purpose out of the service's secret (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


class SealedKeys:
    """Makes key pairs whose private halves are sealed with AES-GCM, for whoever has the secret."""

    def __init__(self, secret: str) -> None:
        self._box = AESGCM(derived_key(secret, "private halves of signing keys"))

    def make(self, active_from: datetime) -> SigningKey:
        private = generate_private_key(SECP256R1())
        jwk: dict[str, str] = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        kid = _thumbprint(jwk)
        public = json.dumps({**jwk, "kid": kid, "alg": _ALGORITHM, "use": "sig"})
        return SigningKey(kid, _ALGORITHM, public, self._sealed(kid, private), active_from)

    def can_open(self, key: SigningKey) -> bool:
        return self.opened(key) is not None

    def opened(self, key: SigningKey) -> EllipticCurvePrivateKey | None:
        """The private half; None where it was sealed with another secret."""
        nonce, sealed = (
            key.sealed_private_key[:_NONCE_BYTES],
            key.sealed_private_key[_NONCE_BYTES:],
        )
        try:
            encoded = self._box.decrypt(nonce, sealed, key.kid.encode())
        except InvalidTag:
            return None
        private = serialization.load_der_private_key(encoded, password=None)
        return private if isinstance(private, EllipticCurvePrivateKey) else None

    def _sealed(self, kid: str, private: EllipticCurvePrivateKey) -> bytes:
        encoded = private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, encoded, kid.encode())


class KeyRing:
    """Signs access tokens with the key whose time it is.

    `refresh` reads the keys; it is to be called every few seconds, so that a coming key is known
    before its time comes.
    """

    def __init__(
        self,
        keys: SigningKeys,
        sealed: SealedKeys,
        claims: TokenSettings,
        seconds: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._sealed = sealed
        self._claims = claims
        self._seconds = seconds
        self._clock = clock
        self._signers: dict[str, tuple[SigningKey, EllipticCurvePrivateKey]] = {}

    async def refresh(self) -> None:
        """Read the keys. Raises `DatabaseUnavailable`; what is known stays."""
        found: dict[str, tuple[SigningKey, EllipticCurvePrivateKey]] = {}
        for key in await self._keys.all():
            private = self._known(key.kid) or self._sealed.opened(key)
            if private is None:
                logs.get(__name__).error("signing key is sealed with another secret", kid=key.kid)
            else:
                found[key.kid] = (key, private)
        self._signers = found

    def issue(self, grant: Grant) -> str:
        """The access token of a grant. Raises `Unavailable` while no key is known."""
        issued_at = int(grant.issued_at.timestamp())
        kid, private = self._signer()
        claims = {
            "iss": self._claims.issuer,
            "sub": str(grant.user_id),
            "aud": self._claims.audience,
            "iat": issued_at,
            "exp": issued_at + self._seconds,
            "jti": str(uuid4()),
            "sid": str(grant.session_id),
            "roles": sorted(grant.roles),
        }
        headers = {"kid": kid, "typ": "at+jwt"}
        return jwt.encode(claims, private, algorithm=_ALGORITHM, headers=headers)

    def _known(self, kid: str) -> EllipticCurvePrivateKey | None:
        return self._signers[kid][1] if kid in self._signers else None

    def _signer(self) -> tuple[str, EllipticCurvePrivateKey]:
        """The active key that ends last; the first to be active where none is yet by this clock.

        Of those that end at once, or never, the latest: one that is retired before its time comes
        must not sign past its end.
        """
        if not self._signers:
            raise Unavailable
        now = self._clock()
        active = [signer for signer in self._signers.values() if signer[0].active_from <= now]
        if active:
            key, private = max(active, key=lambda signer: _end(signer[0]))
        else:
            key, private = min(self._signers.values(), key=lambda signer: signer[0].active_from)
        return key.kid, private


def _end(key: SigningKey) -> tuple[datetime, datetime, str]:
    return key.not_after or _NEVER, key.active_from, key.kid


def _thumbprint(jwk: dict[str, str]) -> str:
    """The id of a key, out of itself (RFC 7638)."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
