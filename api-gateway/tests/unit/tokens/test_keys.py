"""The key set is read again from time to time, and one bad key spoils no other."""

import asyncio
from typing import Any

import pytest
from service_kit.errors import Unavailable
from service_kit.testing import eventually

from api_gateway.adapters.tokens.keys import KnownKeys
from api_gateway.application.ports import VerificationKey
from tests.fakes.signer import InMemoryKeys, Signer


@pytest.mark.parametrize(
    "bad",
    [
        VerificationKey("bad", "HS256", {"kty": "oct", "k": "AAAA"}),
        VerificationKey("bad", "ES256", {"kty": "EC"}),
        VerificationKey("bad", "ES256", {"kty": "EC", "crv": "P-256", "x": "!", "y": "!"}),
        VerificationKey("bad", "RS256", {"kty": "RSA"}),
    ],
)
async def test_a_key_that_cannot_be_used_is_left_out(bad: VerificationKey) -> None:
    keys = KnownKeys(InMemoryKeys(bad, Signer("good").key()))
    assert await keys.find("bad") is None
    assert await keys.find("good") is not None


async def test_the_set_is_read_at_once_and_survives_its_source() -> None:
    source = InMemoryKeys(Signer("k1").key())
    source.failure = Unavailable()
    keys = KnownKeys(source)
    task = asyncio.create_task(keys.refresh())
    await eventually(lambda: source.reads)
    with pytest.raises(Unavailable):
        await keys.current()
    source.failure = None

    async def known() -> Any:
        return await keys.find("k1")

    await eventually(lambda: source.reads >= 2)
    assert await known() is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_many_who_miss_a_key_at_once_cause_one_read() -> None:
    source = InMemoryKeys(Signer("k1").key())
    keys = KnownKeys(source)
    found = await asyncio.gather(*(keys.find("k1") for _ in range(20)))
    assert None not in found
    assert source.reads == 1
