"""Access tokens that are not what they seem, at the real gateway; the true key signs what it can.

Whatever is refused here would be let in if the gateway looked at the signature alone.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from journeys.client import Json
from journeys.people import Person, Platform
from journeys.vault import Signer, Vault, claims_of, fresh

UNAUTHENTICATED: Final = (401, "unauthenticated")
INVALID: Final = (401, "invalid token")
EXPIRED: Final = (401, "token expired")


@dataclass(frozen=True)
class Forger:
    """Somebody with a genuine token, who wants to be somebody else."""

    claims: Json
    signer: Signer
    refresh_token: str

    def true(self, header: Json | None = None, **claims: object) -> str:
        """A token that the platform's own key has signed."""
        return self.signer.signed(fresh(self.claims, **claims), **(header or {}))

    def unsigned(self, algorithm: str) -> str:
        """A token without a signature."""
        head = {"alg": algorithm, "typ": "at+jwt", "kid": self.signer.kid}
        return f"{_encoded(head)}.{_encoded(fresh(self.claims))}."

    def by_public_key(self, algorithm: str = "HS256") -> str:
        """A token whose secret is what everybody can read: the public key (RFC 8725, 2.1)."""
        head = {"alg": algorithm, "typ": "at+jwt", "kid": self.signer.kid}
        text = f"{_encoded(head)}.{_encoded(fresh(self.claims))}"
        key = self.signer.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"{text}.{_base64(hmac.digest(key, text.encode(), hashlib.sha256))}"

    def by_own_key(self, **header: object) -> str:
        """A token that brings the key along that it is signed with."""
        own = ec.generate_private_key(ec.SECP256R1())
        head = {"kid": self.signer.kid, "typ": "at+jwt", **header}
        if "jwk" in head:
            head["jwk"] = ECAlgorithm.to_jwk(own.public_key(), as_dict=True)
        return jwt.encode(fresh(self.claims), own, algorithm="ES256", headers=head)

    def tampered(self) -> str:
        """A genuine token with the claims of somebody else."""
        head, _, signature = self.true().split(".")
        other = fresh(self.claims, sub=str(int(self.claims["sub"]) + 1))
        return f"{head}.{_encoded(other)}.{signature}"


def _encoded(value: object) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


FORGERIES: Final[dict[str, Callable[[Forger], str]]] = {
    "alg none": lambda forger: forger.unsigned("none"),
    "alg nOnE": lambda forger: forger.unsigned("nOnE"),
    "ES256 without a signature": lambda forger: forger.unsigned("ES256"),
    "HS256 with the public key": lambda forger: forger.by_public_key(),
    "ES256 with an HMAC": lambda forger: forger.by_public_key("ES256"),
    "another audience": lambda forger: forger.true(aud="somebody-else"),
    "no audience": lambda forger: forger.true(aud=None),
    "another issuer": lambda forger: forger.true(iss="https://evil.example"),
    "no issuer": lambda forger: forger.true(iss=None),
    "typ JWT": lambda forger: forger.true({"typ": "JWT"}),
    "no typ": lambda forger: forger.true({"typ": None}),
    "jku": lambda forger: forger.true({"jku": "https://evil.example/keys"}),
    "x5u": lambda forger: forger.true({"x5u": "https://evil.example/chain"}),
    "jwk": lambda forger: forger.by_own_key(jwk={}),
    "jku and a key of one's own": lambda forger: forger.by_own_key(jku="https://evil.example/k"),
    "x5u and a key of one's own": lambda forger: forger.by_own_key(x5u="https://evil.example/c"),
    "a key of one's own": lambda forger: forger.by_own_key(),
    "an unknown key": lambda forger: forger.by_own_key(kid="nobody-s-key"),
    "an unknown crit": lambda forger: forger.true({"crit": ["exp"]}),
    "somebody else's claims": lambda forger: forger.tampered(),
    "no session": lambda forger: forger.true(sid=None),
    "a subject that is no id": lambda forger: forger.true(sub="admin"),
    "issued in the future": lambda forger: forger.true(iat=fresh({})["iat"] + 3600),
    "a life of a year": lambda forger: forger.true(exp=fresh({})["iat"] + 31_536_000),
}


@pytest.fixture(scope="module")
async def mallory(platform: Platform) -> Person:
    """Somebody with an account."""
    return await platform.person("mallory")


@pytest.fixture(scope="module")
async def forger(mallory: Person, vault: Vault) -> Forger:
    """Who has got hold of the key."""
    assert mallory.client.token is not None
    claims = claims_of(mallory.client.token)
    return Forger(claims, await vault.signer(), mallory.refresh_token)


async def test_the_forger_signs_as_the_platform_does(platform: Platform, forger: Forger) -> None:
    for gateway in (0, 1):
        client = platform.anybody(gateway)
        client.token = forger.true()
        assert (await client.get("/notification/unread-count")).status == 200


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_is_refused(platform: Platform, forger: Forger, forgery: str) -> None:
    client = platform.anybody()
    client.token = FORGERIES[forgery](forger)
    answer = await client.get("/notification/unread-count")
    has_signature = not client.token.endswith(".")
    assert answer.error == (UNAUTHENTICATED if has_signature else INVALID)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_what_expired_and_what_is_no_token_is_told_apart(
    platform: Platform, forger: Forger
) -> None:
    for token, error in (
        (forger.true(exp=fresh({})["iat"] - 1), EXPIRED),
        (forger.refresh_token, UNAUTHENTICATED),
        (f"{forger.refresh_token}.{forger.refresh_token}.x", INVALID),
    ):
        client = platform.anybody()
        client.token = token
        assert (await client.get("/notification/unread-count")).error == error


async def test_an_access_token_refreshes_nothing(platform: Platform, mallory: Person) -> None:
    for path in ("/auth/refresh", "/auth/logout"):
        answer = await platform.anybody().post(path, {"refresh_token": mallory.client.token})
        assert answer.error == (401, "invalid refresh token")
