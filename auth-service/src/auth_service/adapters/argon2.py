"""Argon2id in a few threads of idle priority, for a share of the processors.

A flood of logins starves nothing else.
"""

import asyncio
import contextlib
import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from service_kit import metrics
from service_kit.work_budget import WorkBudget

from auth_service.domain.errors import Overloaded

T = TypeVar("T")

_THIS_THREAD: Final = 0
_RETRY_SECONDS: Final = 1.0
_NEWEST_SHARE: Final = 0.1
"""Of the last hash in what one is thought to cost: one that was disturbed refuses nobody."""


@dataclass(frozen=True, slots=True)
class Pool:
    """How much is hashed: `threads` at work, at most `queue` waiting, none for `longest_wait` s.

    `share` is that of all processors in the long run; `saved_seconds` of work may be made at once.
    """

    threads: int
    queue: int
    share: float = 1.0
    saved_seconds: float = 4.0
    longest_wait: float = 10.0


class Argon2Passwords:
    """Hashes with the given parameters, as much as the pool says.

    argon2-cffi lets go of the interpreter's lock while it hashes.
    """

    def __init__(self, hasher: PasswordHasher, pool: Pool) -> None:
        self._hasher = hasher
        self._budget = WorkBudget(pool.share, pool.saved_seconds)
        self._longest_wait = pool.longest_wait
        self._executor = ThreadPoolExecutor(pool.threads, "argon2", initializer=_step_back)
        self._most = pool.threads + pool.queue
        self._taken = 0
        metrics.from_zero(metrics.SHED, ["password_hash"])
        self._lock = threading.Lock()
        begun = time.process_time()
        self._nobodys = hasher.hash("the password of nobody")
        self._cost = time.process_time() - begun
        # Lanes have threads of their own, which no clock tells apart: each hash costs the same.
        self._least_cost = self._cost if hasher.parallelism > 1 else 0.0

    def check_room(self) -> None:
        """See `Passwords`."""
        with self._lock:
            taken = self._taken
        waits = self._budget.wait(ahead=taken * self._cost)
        if taken >= self._most or waits > self._longest_wait:
            metrics.SHED.labels("password_hash").inc()
            raise Overloaded(retry_after=_RETRY_SECONDS)

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        is_right = await self._run(
            lambda: self._verified(password_hash or self._nobodys, _normal(password))
        )
        return is_right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Forget what waits and end the threads."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        """Run `work` in the pool. A slot is free again when the thread is done, not the caller."""
        self.check_room()
        with self._lock:
            self._taken += 1
        metrics.PASSWORD_HASHES.inc()
        future = self._executor.submit(self._paid, work)
        future.add_done_callback(self._release)
        return await asyncio.wrap_future(future)

    def _paid(self, work: Callable[[], T]) -> T:
        """Do the work when its turn has come."""
        while (seconds := self._budget.wait()) > 0:
            time.sleep(seconds)
        begun = time.thread_time()
        try:
            return work()
        finally:
            cost = max(time.thread_time() - begun, self._least_cost)
            self._cost += (cost - self._cost) * _NEWEST_SHARE
            self._budget.spend(cost)

    def _release(self, _: Future[T]) -> None:
        with self._lock:
            self._taken -= 1

    def _verified(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False


@contextmanager
def argon2_passwords(
    memory_kib: int, time_cost: int, parallelism: int, pool: Pool
) -> Iterator[Argon2Passwords]:
    """Hashing with these parameters (RFC 9106) while the block runs."""
    hasher = PasswordHasher(
        time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID
    )
    passwords = Argon2Passwords(hasher, pool)
    try:
        yield passwords
    finally:
        passwords.close()


def _normal(password: str) -> str:
    """One spelling of what looks the same, whatever the keyboard sends (RFC 8265, section 4.2)."""
    return unicodedata.normalize("NFC", password)


def _step_back() -> None:
    """Take only time that nobody else wants; on Linux a thread has a policy of its own.

    It counts among the processes of a session or a container, whose shares are equal otherwise.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(_THIS_THREAD, os.SCHED_IDLE, os.sched_param(0))
