"""Which access tokens are believed, and what the others are told."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from service_kit.errors import AppError, Unavailable

from api_gateway.adapters.tokens.keys import KnownKeys
from api_gateway.adapters.tokens.revocations import WatchedRevocations
from api_gateway.adapters.tokens.verifier import JwtTokens
from api_gateway.domain.principal import Principal, Revoked
from tests.fakes.revocation_log import InMemoryRevocationLog
from tests.fakes.signer import AUDIENCE, ISSUER, InMemoryKeys, Signer, good_claims


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class World:
    """A signer whose key is known, revocations that were read, and tokens over both."""

    def __init__(self) -> None:
        self.signer = Signer("k1")
        self.source = InMemoryKeys(self.signer.key())
        self.clock = Clock()
        self.keys = KnownKeys(self.source, self.clock)
        self.revocations = WatchedRevocations(InMemoryRevocationLog(), self.clock)
        self.revocations.caught_up.set()
        self.tokens = JwtTokens(self.keys, self.revocations, ISSUER, AUDIENCE, self.clock)

    async def refusal(self, token: str) -> str:
        """The code with which a token is refused."""
        with pytest.raises(AppError) as refused:
            await self.tokens.verify(token)
        return refused.value.code


@pytest.fixture
def world() -> World:
    return World()


async def test_a_good_token_says_who_is_calling(world: World) -> None:
    claims = good_claims()
    principal = await world.tokens.verify(world.signer.sign(**claims))
    assert principal == Principal(7, "s1", "t1", frozenset({"user"}), claims["exp"], claims["iat"])


async def test_ed25519_is_as_good_as_p256(world: World) -> None:
    signer = Signer("k2", "EdDSA")
    world.source.keys.append(signer.key())
    assert (await world.tokens.verify(signer.sign(sub="12"))).user_id == 12


async def test_an_expired_token_is_told_so(world: World) -> None:
    assert await world.refusal(world.signer.sign(exp=time.time() - 1)) == "TOKEN_EXPIRED"


async def test_that_a_token_is_over_is_told_before_what_else_is_wrong_with_it(
    world: World,
) -> None:
    for wrong in (Signer("k1"), Signer("another")):
        assert await world.refusal(wrong.sign(exp=time.time() - 1)) == "TOKEN_EXPIRED"
        assert await world.refusal(wrong.sign()) == "UNAUTHENTICATED"
    forged = jwt.encode(good_claims() | {"exp": time.time() - 1}, "s" * 32, "HS256")
    assert await world.refusal(forged) == "TOKEN_EXPIRED"


async def test_a_token_expires_though_it_is_remembered(world: World) -> None:
    token = world.signer.sign()
    await world.tokens.verify(token)
    world.clock.ahead = 901
    assert await world.refusal(token) == "TOKEN_EXPIRED"
    assert await world.refusal(token) == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://somebody.else"},
        {"aud": "another-api"},
        {"sub": "ada"},
        {"sub": "0"},
        {"sub": None},
        {"jti": None},
        {"sid": None},
        {"sid": 5},
        {"iat": None},
        {"exp": None},
        {"iat": "yesterday"},
        {"iat": time.time() + 3600},
        {"exp": time.time() + 10 * 24 * 3600},
        {"roles": "admin"},
    ],
    ids=str,
)
async def test_wrong_claims_are_refused(world: World, claims: dict[str, Any]) -> None:
    assert await world.refusal(world.signer.sign(**claims)) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "another"},
        {"kid": None},
        {"jku": "https://evil.test/keys"},
        {"x5u": "https://evil.test/cert"},
        {"jwk": {"kty": "EC"}},
        {"crit": ["exp"]},
    ],
    ids=str,
)
async def test_wrong_headers_are_refused(world: World, header: dict[str, Any]) -> None:
    assert await world.refusal(world.signer.sign(header)) == "UNAUTHENTICATED"


async def test_another_keys_signature_under_a_known_id_is_refused(world: World) -> None:
    assert await world.refusal(Signer("k1").sign()) == "UNAUTHENTICATED"


async def test_a_symmetric_token_is_refused(world: World) -> None:
    token = jwt.encode(good_claims(), "s" * 32, "HS256", headers={"kid": "k1", "typ": "at+jwt"})
    assert await world.refusal(token) == "UNAUTHENTICATED"


async def test_an_unsigned_token_is_refused(world: World) -> None:
    header = {"alg": "none", "kid": "k1", "typ": "at+jwt"}
    parts = (header, good_claims())
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    token = b".".join([*encoded, b"AAAA"]).decode()
    assert await world.refusal(token) == "UNAUTHENTICATED"


@pytest.mark.parametrize("end", ["B", "xx", "AAB"])
async def test_a_signature_that_was_touched_is_wrong_and_not_badly_formed(
    world: World, end: str
) -> None:
    token = world.signer.sign()
    assert await world.refusal(token[: -len(end)] + end) == "UNAUTHENTICATED"


async def test_a_token_that_was_cut_off_is_none(world: World) -> None:
    assert await world.refusal(world.signer.sign()[:-1]) == "INVALID_TOKEN"


@pytest.mark.parametrize("token", ["abc.def.ghi", "..", "a.b", "x", ""])
async def test_what_is_no_token_at_all_is_told_so(world: World, token: str) -> None:
    assert await world.refusal(token) == "INVALID_TOKEN"


async def test_a_revoked_token_is_refused_though_it_is_remembered(world: World) -> None:
    token = world.signer.sign()
    await world.tokens.verify(token)
    world.revocations.note(Revoked(7, "s1", None, time.time() + 1))
    assert await world.refusal(token) == "UNAUTHENTICATED"


async def test_a_token_is_verified_once(world: World) -> None:
    token = world.signer.sign()
    first = await world.tokens.verify(token)
    assert await world.tokens.verify(token) is first


async def test_keys_are_kept_while_their_source_is_away(world: World) -> None:
    await world.tokens.verify(world.signer.sign())
    world.source.failure = Unavailable()
    world.clock.ahead = 3600
    fresh = world.clock()
    await world.tokens.verify(world.signer.sign(iat=fresh, exp=fresh + 900))


async def test_without_any_key_the_answer_is_unavailable(world: World) -> None:
    world.source.failure = Unavailable()
    assert await world.refusal(world.signer.sign()) == "UNAVAILABLE"


async def test_a_new_key_is_fetched_when_its_first_token_comes(world: World) -> None:
    await world.tokens.verify(world.signer.sign())
    rotated = Signer("k2")
    world.source.keys.append(rotated.key())
    world.clock.ahead = 11
    assert (await world.tokens.verify(rotated.sign())).user_id == 7


async def test_made_up_key_ids_do_not_flood_the_source(world: World) -> None:
    for number in range(50):
        await world.refusal(world.signer.sign({"kid": f"made-up-{number}"}))
    assert world.source.reads == 1


async def test_a_retired_key_verifies_nothing(world: World) -> None:
    world.source.keys = [world.signer.key(not_after=time.time() - 1)]
    assert await world.refusal(world.signer.sign()) == "UNAUTHENTICATED"
    assert await world.keys.current() == []
