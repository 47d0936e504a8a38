"""Hashing in a bounded pool."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from service_kit.testing import eventually

from auth_service.adapters.argon2 import Argon2Passwords, Pool, argon2_passwords
from auth_service.domain.errors import Overloaded


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    with argon2_passwords(8, 1, 1, Pool(threads=1, queue=2)) as made:
        yield made


class Gate(PasswordHasher):
    """A hasher that waits until it is let through."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.open = threading.Event()
        self.open.set()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        assert self.open.wait(10)
        return super().hash(password, salt=salt)


async def test_a_hash_is_argon2id_salted_and_matches_its_password_only(
    passwords: Argon2Passwords,
) -> None:
    first, second = await passwords.hash("secure123"), await passwords.hash("secure123")
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert first != second
    assert await passwords.matches(first, "secure123")
    assert not await passwords.matches(first, "secure124")
    assert not await passwords.matches(None, "secure123")
    assert not await passwords.matches(None, "the password of nobody")


async def test_one_password_typed_on_two_keyboards_is_one(passwords: Argon2Passwords) -> None:
    composed, decomposed = "caf\u00e9-caf\u00e9", "cafe\u0301-cafe\u0301"
    assert await passwords.matches(await passwords.hash(composed), decomposed)


async def test_a_hash_of_other_parameters_is_outdated_and_still_matches(
    passwords: Argon2Passwords,
) -> None:
    with argon2_passwords(16, 1, 1, Pool(threads=1, queue=1)) as stronger:
        password_hash = await passwords.hash("secure123")
        assert stronger.is_outdated(password_hash)
        assert not passwords.is_outdated(password_hash)
        assert await stronger.matches(password_hash, "secure123")


async def test_beyond_the_queue_one_is_refused_at_once_and_others_go_on() -> None:
    gate = Gate()
    passwords = Argon2Passwords(gate, Pool(threads=1, queue=2))
    gate.open.clear()
    waiting = [asyncio.create_task(passwords.hash("secure123")) for _ in range(3)]
    await asyncio.gather(*(asyncio.sleep(0) for _ in waiting))
    with pytest.raises(Overloaded) as refused:
        await passwords.hash("secure123")
    assert refused.value.retry_after
    gate.open.set()
    assert len(set(await asyncio.gather(*waiting))) == 3
    assert await passwords.hash("secure123")
    passwords.close()


async def test_a_caller_who_goes_away_frees_its_place_but_no_thread_before_its_time() -> None:
    gate = Gate()
    passwords = Argon2Passwords(gate, Pool(threads=1, queue=1))
    gate.open.clear()
    at_work, waiting = (asyncio.create_task(passwords.hash("secure123")) for _ in range(2))
    await asyncio.sleep(0)
    for task in (at_work, waiting):
        task.cancel()
    await asyncio.gather(at_work, waiting, return_exceptions=True)
    third = asyncio.create_task(passwords.hash("secure123"))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await passwords.hash("secure123")
    gate.open.set()
    await eventually(third.done)
    assert await passwords.hash("secure123")
    passwords.close()


async def test_who_would_wait_too_long_for_a_share_of_the_processors_is_refused_at_once() -> None:
    scarce = Pool(threads=1, queue=100, share=1e-6, saved_seconds=1e-6, longest_wait=5.0)
    with argon2_passwords(8, 1, 1, scarce) as passwords:
        passwords.check_room()
        assert await passwords.hash("secure123")
        with pytest.raises(Overloaded) as refused:
            passwords.check_room()
        with pytest.raises(Overloaded):
            await passwords.hash("secure123")
    assert refused.value.retry_after


@pytest.mark.parametrize("lanes", [1, 4])
async def test_hashing_waits_until_its_share_of_the_processors_is_due(lanes: int) -> None:
    pool = Pool(1, 100, share=0.1, saved_seconds=1e-6)
    with argon2_passwords(16 * 1024, 1, lanes, pool) as passwords:
        begun = time.monotonic()
        spent = time.process_time()
        await asyncio.gather(*(passwords.hash("secure123") for _ in range(3)))
        spent, taken = time.process_time() - spent, time.monotonic() - begun
    assert taken > 2 * spent
