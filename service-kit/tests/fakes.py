"""Doubles of what the chassis talks to."""

import asyncio
from collections.abc import Collection, Sequence

from service_kit.events import BrokerAway, Message, MessagesRefused


class InMemoryBatches:
    """A broker with as many partitions as there are one-digit keys: key "3" lives in partition 3.

    It takes no batch that has one of the `refused` values, answers nothing while `away` is set, and
    keeps batches waiting while `open` is clear. `sent` has the values of each batch taken.
    """

    def __init__(self, fits: int = 1000) -> None:
        self.refused: set[bytes] = set()
        self.away = False
        self.open = asyncio.Event()
        self.open.set()
        self.sent: list[list[bytes | None]] = []
        self.learned: set[str] = set()
        self._fits = fits

    def partitions(self, topic: str) -> Collection[int]:
        return range(10) if topic in self.learned else ()

    def partition_of(self, topic: str, key: bytes) -> int | None:
        return int(key[:1]) if topic in self.learned else None

    async def learn(self, topic: str) -> None:
        if self.away:
            raise BrokerAway("away")
        self.learned.add(topic)

    async def publish(self, topic: str, partition: int, messages: Sequence[Message]) -> int:
        await self.open.wait()
        if self.away:
            raise BrokerAway("away")
        fitting = [message.value for message in messages][: self._fits]
        if self.refused.intersection(fitting):
            raise MessagesRefused("too large")
        self.sent.append(fitting)
        return len(fitting)
