"""Tells all gateways who has written, and waits until they have heard it (Redis pub/sub)."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from redis.exceptions import RedisError

from api_gateway.adapters.redis.link import Link, RedisAway

_CHANNEL: Final = "gateway:writes"
_PATIENCE_SECONDS: Final = 0.05
"""How long a write waits for gateways to say that they have heard of it."""
_DISTRUST_SECONDS: Final = 1.0
"""Nobody waits for them again for so long after one did not say so: it is dead or frozen."""
_POLL_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 0.5

Heard = Callable[[int, bool], None]
"""Takes a writer, and whether it may have been their profile."""
Listening = Callable[[bool], None]


class RedisBroadcast:
    """Writers by id, from gateway to gateway.

    `heard` is called for each writer at another gateway, `listening` when that begins or ends to
    work. Redis counts who was told; each of them acknowledges on the sender's own channel.
    """

    def __init__(
        self,
        link: Link,
        heard: Heard,
        listening: Listening,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._link = link
        self._patience_seconds = patience_seconds
        self._heard = heard
        self._listening = listening
        self._name = secrets.token_hex(8)
        self._serial = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._missing: dict[int, int] = {}
        self._wanted: dict[int, list[asyncio.Future[None]]] = {}
        self._sending: asyncio.Task[None] | None = None
        self._trusts_after = 0.0

    async def tell(self, user_id: int, *, profile: bool = False) -> None:
        """Have all other gateways know; never raises. Writers of one moment share a message.

        A negative number says that it may be the profile; the positive one goes with it, for
        gateways of a version that knows no other.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(user_id, []).append(done)
        if profile:
            self._wanted.setdefault(-user_id, [])
        if self._sending is None:
            self._sending = asyncio.create_task(self._send(), name="writes")
        await done

    async def listen(self) -> None:
        """Hear of writes elsewhere, forever."""
        while True:
            try:
                async with self._subscribed() as messages:
                    self._listening(True)
                    async for message in messages:
                        await self._receive(message)
            except (RedisError, OSError, TimeoutError, RedisAway):
                pass  # the link says so
            finally:
                self._listening(False)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _send(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            try:
                await self._publish(list(wanted))
            except (RedisAway, TimeoutError):
                pass
            finally:
                for waiters in wanted.values():
                    for waiter in waiters:
                        if not waiter.done():
                            waiter.set_result(None)
        self._sending = None

    async def _publish(self, user_ids: list[int]) -> None:
        self._serial += 1
        serial, loop = self._serial, asyncio.get_running_loop()
        heard = self._waiting[serial] = loop.create_future()
        self._missing[serial] = 0
        text = " ".join([self._name, str(serial), *map(str, user_ids)])
        try:
            told = await self._link.ask(lambda: self._link.client.publish(_CHANNEL, text))
            self._missing[serial] += told - 1  # this one is told too
            if self._missing[serial] > 0 and loop.time() >= self._trusts_after:
                async with asyncio.timeout(self._patience_seconds):
                    await heard
        except TimeoutError:
            self._trusts_after = loop.time() + _DISTRUST_SECONDS
        finally:
            del self._waiting[serial], self._missing[serial]

    async def _receive(self, message: str) -> None:
        sender, serial, *user_ids = message.split()
        if sender == "ack":
            self._acknowledged(int(serial))
        elif sender != self._name:
            for user_id in user_ids:
                self._heard(abs(int(user_id)), int(user_id) < 0)
            client = self._link.client
            await self._link.ask(lambda: client.publish(_own(sender), f"ack {serial}"))

    def _acknowledged(self, serial: int) -> None:
        if serial in self._waiting:
            self._missing[serial] -= 1  # may come before the count of those who were told
            if not self._missing[serial] and not self._waiting[serial].done():
                self._waiting[serial].set_result(None)

    @asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[AsyncIterator[str]]:
        pubsub = self._link.client.pubsub()
        try:
            await pubsub.subscribe(_CHANNEL, _own(self._name))
            for _ in range(2):  # the channels, confirmed
                await pubsub.get_message(timeout=_POLL_SECONDS)
            yield _messages(pubsub)
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]


async def _messages(pubsub: Any) -> AsyncIterator[str]:
    while True:
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_POLL_SECONDS)
        if message is not None:
            yield message["data"].decode("ascii")


def _own(name: str) -> str:
    return f"{_CHANNEL}:{name}"
