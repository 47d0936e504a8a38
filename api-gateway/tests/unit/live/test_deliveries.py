"""What is put on the wire is noted: cheaply, in bounded memory, and never in the way."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from service_kit.errors import Unavailable
from service_kit.testing import eventually

from api_gateway.application.live import deliveries as module
from api_gateway.application.live.deliveries import LONGEST_RUN, Deliveries, Receiver
from api_gateway.domain.explanation import Delivery
from tests.fakes.live import ManualClock


class RecordingLog:
    """Keeps what it is told, unless it is away."""

    def __init__(self) -> None:
        self.noted: list[Delivery] = []
        self.calls = 0
        self.away = False

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        self.calls += 1
        if self.away:
            raise Unavailable
        self.noted += deliveries

    @property
    def seqs(self) -> list[tuple[int, int, int]]:
        return [(one.connection_id, one.first_seq, one.last_seq) for one in self.noted]


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.log = RecordingLog()
        self.deliveries = Deliveries(self.log, self.clock)
        self.phone, self.tablet = (Receiver(1, f"s{n}", n, "websocket") for n in (1, 2))

    async def flush(self) -> None:
        await self.deliveries.flush(self.clock())


@pytest.fixture
def world() -> World:
    return World()


async def test_a_delivery_names_connection_session_carrier_and_time(world: World) -> None:
    world.deliveries.sent(world.phone, 7)
    await world.flush()
    at = datetime.fromtimestamp(world.clock(), UTC)
    assert world.log.noted == [Delivery(1, 7, 7, 1, "s1", "websocket", at)]


async def test_what_goes_to_a_connection_at_once_is_one_delivery(world: World) -> None:
    for seq in (1, 2, 3):
        world.deliveries.sent(world.phone, seq)
    world.deliveries.sent(world.tablet, 3)
    world.deliveries.sent(world.phone, 5)  # after a reset
    await world.flush()
    assert world.log.seqs == [(1, 1, 3), (2, 3, 3), (1, 5, 5)]


async def test_a_tenth_of_a_second_later_is_another_delivery(world: World) -> None:
    world.deliveries.sent(world.phone, 1)
    world.clock.now += 0.09
    world.deliveries.sent(world.phone, 2)
    world.clock.now += 0.02
    world.deliveries.sent(world.phone, 3)
    await world.flush()
    assert world.log.seqs == [(1, 1, 2), (1, 3, 3)]


async def test_what_may_still_grow_is_not_told_yet(world: World) -> None:
    world.deliveries.sent(world.phone, 1)
    await world.deliveries.flush(world.clock() - 0.1)
    assert world.log.calls == 0
    world.deliveries.sent(world.phone, 2)
    await world.flush()
    assert world.log.seqs == [(1, 1, 2)]


async def test_no_delivery_is_longer_than_its_log_takes(world: World) -> None:
    for seq in range(1, LONGEST_RUN + 2):
        world.deliveries.sent(world.phone, seq)
    await world.flush()
    assert world.log.seqs == [(1, 1, LONGEST_RUN), (1, LONGEST_RUN + 1, LONGEST_RUN + 1)]


async def test_what_is_too_much_is_dropped_and_what_comes_later_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 2)
    for seq in (1, 3, 5, 6):
        world.deliveries.sent(world.phone, seq)
    await world.flush()
    world.deliveries.sent(world.phone, 7)
    await world.flush()
    assert world.log.seqs == [(1, 1, 1), (1, 3, 3), (1, 7, 7)]


async def test_a_log_that_is_away_costs_what_it_was_told_and_no_more(world: World) -> None:
    world.log.away = True
    world.deliveries.sent(world.phone, 1)
    await world.flush()
    world.log.away = False
    world.deliveries.sent(world.phone, 2)
    await world.flush()
    assert world.log.seqs == [(1, 2, 2)]


async def test_what_is_left_is_told_at_the_end(world: World) -> None:
    task = asyncio.create_task(world.deliveries.run())
    await asyncio.sleep(0)
    world.deliveries.sent(world.phone, 1)
    task.cancel()
    await eventually(task.done)
    assert world.log.seqs == [(1, 1, 1)]
