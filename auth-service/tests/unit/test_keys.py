"""Signing keys: made, sealed, rotated; and the tokens that they sign."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from service_kit.config import TokenSettings
from service_kit.errors import Unavailable

from auth_service.adapters.key_ring import KeyRing, SealedKeys, derived_key
from auth_service.application.signing_keys import KeySet
from auth_service.domain.models import Grant, Role, SigningKey
from tests.fakes import Clock, InMemorySigningKeys, InMemoryUnits, Tables

SECRET = "a secret of sixteen and more"
CLAIMS = TokenSettings(issuer="https://issuer.example", audience="the audience")
LIFE = timedelta(minutes=15)


class Replica:
    """A process that signs, with the tables that all of them share."""

    def __init__(self, tables: Tables, clock: Clock, secret: str = SECRET) -> None:
        keys, sealed = InMemorySigningKeys(tables), SealedKeys(secret)
        self.key_set = KeySet(keys, InMemoryUnits(tables), sealed, clock)
        self.ring = KeyRing(keys, sealed, CLAIMS, 900, clock)
        self._clock = clock

    async def start(self) -> None:
        await self.key_set.ensure()
        await self.ring.refresh()

    def token(self) -> str:
        return self.ring.issue(Grant(7, uuid4(), (Role.USER, Role.ADMIN), self._clock()))

    def kid(self) -> str:
        return str(jwt.get_unverified_header(self.token())["kid"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tables(clock: Clock) -> Tables:
    return Tables(clock)


@pytest.fixture
async def replica(tables: Tables, clock: Clock) -> Replica:
    made = Replica(tables, clock)
    await made.start()
    return made


def _verified(token: str, key: SigningKey) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(
        token,
        jwt.PyJWK(json.loads(key.public_jwk)),
        algorithms=["ES256"],
        issuer=CLAIMS.issuer,
        audience=CLAIMS.audience,
        options={"verify_exp": False, "verify_iat": False},
    )
    return decoded


async def test_a_token_says_what_the_profile_for_access_tokens_wants(
    replica: Replica, clock: Clock
) -> None:
    session_id = uuid4()
    token = replica.ring.issue(Grant(7, session_id, (Role.USER, Role.ADMIN), clock()))
    [key] = await replica.key_set.published()
    claims = _verified(token, key)
    issued_at = int(clock().timestamp())
    assert claims.pop("jti")
    assert claims == {
        "iss": CLAIMS.issuer,
        "aud": CLAIMS.audience,
        "sub": "7",
        "sid": str(session_id),
        "iat": issued_at,
        "exp": issued_at + 900,
        "roles": ["admin", "user"],
    }
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}


async def test_what_is_published_and_stored_has_no_private_half(replica: Replica) -> None:
    [key] = await replica.key_set.published()
    public = json.loads(key.public_jwk)
    assert set(public) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert public["kid"] == key.kid
    assert key.sealed_private_key.hex() not in repr(key)
    private = SealedKeys(SECRET).opened(key)
    assert private is not None
    number = private.private_numbers().private_value.to_bytes(32, "big")
    assert number not in key.sealed_private_key


async def test_a_second_replica_signs_with_the_key_of_the_first(
    replica: Replica, tables: Tables, clock: Clock
) -> None:
    second = Replica(tables, clock)
    await second.start()
    assert len(tables.keys) == 1
    assert second.kid() == replica.kid()


async def test_a_replica_with_another_secret_makes_a_key_of_its_own(
    replica: Replica, tables: Tables, clock: Clock
) -> None:
    stranger = Replica(tables, clock, "quite another secret")
    await stranger.start()
    await replica.ring.refresh()
    assert stranger.kid() != replica.kid()
    assert {key.kid for key in await replica.key_set.published()} == set(tables.keys)


async def test_a_sealed_key_can_not_be_passed_off_as_another(replica: Replica) -> None:
    [key] = await replica.key_set.published()
    assert SealedKeys(SECRET).opened(replace(key, kid="another")) is None


async def test_a_rotation_publishes_first_then_signs_then_retires(
    replica: Replica, clock: Clock
) -> None:
    old = replica.kid()
    last_old_token = replica.token()
    new = await replica.key_set.rotate(timedelta(seconds=90), LIFE)
    await replica.ring.refresh()
    assert [key.kid for key in await replica.key_set.published()] == [old, new.kid]
    clock.advance(89)
    assert replica.kid() == old
    clock.advance(1)
    assert replica.kid() == new.kid
    clock.advance(LIFE.total_seconds())
    published = {key.kid: key for key in await replica.key_set.published()}
    assert published[old].not_after is not None
    assert _verified(last_old_token, published[old])
    clock.advance(61)
    assert [key.kid for key in await replica.key_set.published()] == [new.kid]
    assert published[new.kid].not_after is None


async def test_a_second_rotation_before_the_first_has_begun_replaces_it(
    replica: Replica, clock: Clock
) -> None:
    await replica.key_set.rotate(timedelta(seconds=90), LIFE)
    last = await replica.key_set.rotate(timedelta(seconds=90), LIFE)
    await replica.ring.refresh()
    clock.advance(90)
    assert replica.kid() in {key.kid for key in await replica.key_set.published()}
    ends = {key.kid: key.not_after for key in await replica.key_set.published()}
    assert [kid for kid, end in ends.items() if end is None] == [last.kid]


async def test_a_rotation_at_once_is_the_last_word_over_one_that_is_still_to_come(
    replica: Replica, clock: Clock
) -> None:
    await replica.key_set.rotate(timedelta(seconds=90), LIFE)
    clock.advance(10)
    last = await replica.key_set.rotate(timedelta(0), LIFE)
    for _ in range(12):
        await replica.ring.refresh()
        assert replica.kid() == last.kid
        clock.advance(90)
    assert [key.kid for key in await replica.key_set.published()] == [last.kid]


async def test_a_clock_that_is_behind_does_not_keep_a_new_replica_from_signing(
    replica: Replica, tables: Tables
) -> None:
    late = Clock()
    late.advance(-30)
    other = Replica(tables, late)
    await other.start()
    assert other.kid() == replica.kid()


def test_without_any_key_nothing_is_signed(tables: Tables, clock: Clock) -> None:
    with pytest.raises(Unavailable):
        Replica(tables, clock).token()


def test_keys_for_two_purposes_have_nothing_in_common() -> None:
    assert derived_key(SECRET, "one") != derived_key(SECRET, "two")
    assert len(derived_key(SECRET, "one")) == 32
