"""A signer of access tokens, and the key set that it publishes."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from service_kit.errors import AppError

from api_gateway.application.ports import VerificationKey

ISSUER = "https://issuer.test"
AUDIENCE = "pinstack-api"


class Signer:
    """One signing key of auth-service."""

    def __init__(self, kid: str, algorithm: str = "ES256") -> None:
        self.kid = kid
        self.algorithm = algorithm
        self._private = (
            generate_private_key(SECP256R1())
            if algorithm == "ES256"
            else Ed25519PrivateKey.generate()
        )

    def key(self, not_after: float | None = None) -> VerificationKey:
        """The public half."""
        public = self._private.public_key()
        made: Any = ECAlgorithm if self.algorithm == "ES256" else OKPAlgorithm
        jwk: dict[str, object] = made.to_jwk(public, as_dict=True)
        return VerificationKey(self.kid, self.algorithm, jwk, not_after)

    def sign(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A token; a claim or header field that is None is left out of it."""
        return jwt.encode(
            _given(good_claims() | claims),
            self._private,
            self.algorithm,
            headers=_given({"kid": self.kid, "typ": "at+jwt"} | dict(header or {})),
        )


def good_claims() -> dict[str, Any]:
    """The claims of a token that was just issued to user 7."""
    now = time.time()
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "7",
        "iat": now,
        "exp": now + 900,
        "jti": "t1",
        "sid": "s1",
        "roles": ["user"],
    }


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


class InMemoryKeys:
    """A key set; raises `failure` where there is one, and counts how often it is read."""

    def __init__(self, *keys: VerificationKey) -> None:
        self.keys = list(keys)
        self.failure: AppError | None = None
        self.reads = 0

    async def current(self) -> Sequence[VerificationKey]:
        self.reads += 1
        if self.failure is not None:
            raise self.failure
        return list(self.keys)
