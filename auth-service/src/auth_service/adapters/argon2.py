"""Argon2id in a few threads of idle priority, so that a flood of logins starves nothing else."""

import asyncio
import contextlib
import os
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from service_kit import metrics

from auth_service.domain.errors import Overloaded

T = TypeVar("T")

_THIS_THREAD: Final = 0
_RETRY_SECONDS: Final = 1.0


class Argon2Passwords:
    """Hashes with the given parameters; `threads` at work, at most `queue` waiting for them.

    argon2-cffi lets go of the interpreter's lock while it hashes.
    """

    def __init__(self, hasher: PasswordHasher, threads: int, queue: int) -> None:
        self._hasher = hasher
        self._executor = ThreadPoolExecutor(threads, "argon2", initializer=_step_back)
        self._most = threads + queue
        self._taken = 0
        metrics.from_zero(metrics.SHED, ["password_hash"])
        self._lock = threading.Lock()
        self._nobodys = hasher.hash("the password of nobody")

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
        with self._lock:
            if self._taken >= self._most:
                metrics.SHED.labels("password_hash").inc()
                raise Overloaded(retry_after=_RETRY_SECONDS)
            self._taken += 1
        metrics.PASSWORD_HASHES.inc()
        future = self._executor.submit(work)
        future.add_done_callback(self._release)
        return await asyncio.wrap_future(future)

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
    memory_kib: int, time_cost: int, parallelism: int, threads: int, queue: int
) -> Iterator[Argon2Passwords]:
    """A pool with these parameters (RFC 9106) while the block runs."""
    hasher = PasswordHasher(
        time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID
    )
    passwords = Argon2Passwords(hasher, threads, queue)
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
