"""Fetches what connections have missed: a few at once, however many want."""

import asyncio
import random
from functools import partial

from service_kit.errors import AppError

from api_gateway.application.live.channel import Channel
from api_gateway.application.live.connection import Surroundings
from api_gateway.application.live.ports import Inboxes

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0


class CatchUp:
    """The users whose connections miss entries, in the order in which they asked."""

    def __init__(self, inboxes: Inboxes, around: Surroundings) -> None:
        self._inboxes = inboxes
        self._around = around
        self._waiting: asyncio.Queue[Channel] = asyncio.Queue()

    def want(self, channel: Channel) -> None:
        """Fetch what the connections of `channel` miss; asking twice is asking once."""
        if not channel.fetching:
            channel.fetching = True
            self._waiting.put_nowait(channel)

    async def run(self) -> None:
        """Fetch for ever."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._around.limits.fetches):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while True:
            channel = await self._waiting.get()
            further = await self._fetch(channel)
            channel.fetching = False
            if further:
                channel.failures = 0
                channel.missing()
            elif channel.wanted():
                self._later(channel)

    async def _fetch(self, channel: Channel) -> bool:
        """One page for every place that connections of a user are at; False: nothing came of it."""
        further = True
        for after in channel.wanted():
            asking = channel.asking(after)
            try:
                missed = await self._inboxes.list_since(
                    channel.user_id, after, self._around.limits.page
                )
            except AppError:
                return False
            further = channel.filled(asking, after, missed) and further
        return further

    def _later(self, channel: Channel) -> None:
        """Try again after a pause; the inboxes are away, or behind what was told of them."""
        channel.fetching = True
        delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(channel.failures, 16))
        channel.failures += 1
        due = self._around.monotonic() + delay * random.uniform(0.5, 1.0)  # noqa: S311
        self._around.timers.at(due, partial(self._again, channel))

    def _again(self, channel: Channel) -> None:
        channel.fetching = False
        channel.missing()
