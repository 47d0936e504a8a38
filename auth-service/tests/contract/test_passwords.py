"""One suite for the hashes of passwords, readable and real."""

from collections.abc import Iterator

import pytest

from auth_service.adapters.argon2 import Pool, argon2_passwords
from auth_service.application.ports import Passwords
from tests.fakes import PlainPasswords


@pytest.fixture(params=["plain", "argon2"])
def passwords(request: pytest.FixtureRequest) -> Iterator[Passwords]:
    if request.param == "plain":
        yield PlainPasswords()
        return
    with argon2_passwords(8, 1, 1, Pool(threads=1, queue=4)) as made:
        yield made


async def test_a_hash_matches_its_password_only(passwords: Passwords) -> None:
    password_hash = await passwords.hash("secure123")
    assert await passwords.matches(password_hash, "secure123")
    assert not await passwords.matches(password_hash, "secure12")
    assert not passwords.is_outdated(password_hash)


async def test_without_a_hash_nothing_matches(passwords: Passwords) -> None:
    assert not await passwords.matches(None, "secure123")
