"""Many devices of some people, which come back whenever they are cut off."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from math import ceil
from typing import Final

from service_kit.testing import eventually
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from journeys.client import PATIENCE_SECONDS
from journeys.people import Person
from journeys.phone import Phone

LONGEST_DELAY: Final = 0.5


class Device:
    """One phone; it fails the test at the first frame whose seq is not the next one.

    `opened` is when it was last connected (0 while it is not), `told` when the last frame came,
    both in seconds of `time.monotonic`.
    """

    def __init__(self, gateway: str, owner: Person) -> None:
        self.owner = owner
        self.phone = Phone(gateway, owner.client)
        self.phone.checks_frames = False  # hundreds of clients share a processor
        self.opened = 0.0
        self.told = 0.0

    @property
    def seq(self) -> int:
        """The last seq that it has seen."""
        return self.phone.seq or 0

    async def run(self) -> None:
        """Be connected, for ever."""
        while True:
            try:
                await self.phone.open()
                self.opened = time.monotonic()
                while True:
                    await self.phone.frame("notification", patience=None)
                    self.told = time.monotonic()
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake):
                pass  # it comes back
            finally:
                self.opened = 0.0
                await self.phone.close()
            await asyncio.sleep(random.uniform(0, LONGEST_DELAY))  # noqa: S311


class Crowd:
    """All devices."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self.devices = devices

    async def connected(self) -> None:
        """Wait until everybody is."""
        await eventually(
            lambda: all(one.opened for one in self.devices),
            PATIENCE_SECONDS * 3,
            "everybody is connected",
        )

    async def told_after(self, moment: float) -> None:
        """Wait until every device has heard something after a moment."""
        await eventually(
            lambda: all(one.told > moment for one in self.devices),
            PATIENCE_SECONDS * 3,
            "every device is told again",
        )

    async def has_seen(self, seqs: Mapping[int, int]) -> None:
        """Wait until the devices of each user have come to a seq."""
        await eventually(
            lambda: all(one.seq >= seqs[one.owner.id] for one in self.devices),
            PATIENCE_SECONDS * 3,
            "every device has seen everything",
        )

    def back_within(self, moment: float, share: float) -> float:
        """Seconds from a moment until a share of the devices was connected again."""
        delays = sorted(max(0.0, one.opened - moment) for one in self.devices)
        return delays[ceil(share * len(delays)) - 1]


@asynccontextmanager
async def crowd(gateway: str, people: Iterable[Person], each: int) -> AsyncIterator[Crowd]:
    """`each` devices for everybody, connected."""
    crowd = Crowd([Device(gateway, person) for person in people for _ in range(each)])
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(device.run()) for device in crowd.devices]
        await crowd.connected()
        yield crowd
        for task in tasks:
            task.cancel()
