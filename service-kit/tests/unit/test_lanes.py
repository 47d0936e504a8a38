"""What the relay has in flight: order per key, one batch a partition, no wait for a stranger."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from service_kit.backoff import Delays
from service_kit.outbox.lanes import Lanes
from service_kit.outbox.table import Held, OutboxRow
from service_kit.testing import eventually

from tests.fakes import InMemoryBatches

TOPIC = "events"
NEVER = Delays(3600, 3600)
AT_ONCE = Delays(0.001, 0.001)
NOTHING = Held()


def a_row(number: int, key: str, payload: bytes, topic: str = TOPIC) -> OutboxRow:
    return OutboxRow(
        number, datetime.now(UTC), uuid4(), topic, key, "user.created.v1", payload, "{}"
    )


def rows(*values: str) -> list[OutboxRow]:
    """Rows named `<key><letter>`, with the ids 1, 2, 3…"""
    return [
        a_row(number, value[:1], value.encode()) for number, value in enumerate(values, start=1)
    ]


def keys(*names: str) -> Held:
    return Held(keys={(TOPIC, name) for name in names})


def broker(*refused: str, fits: int = 1000) -> InMemoryBatches:
    batches = InMemoryBatches(fits)
    batches.learned.add(TOPIC)
    batches.refused = {value.encode() for value in refused}
    return batches


async def settle(lanes: Lanes) -> None:
    """Wait for every batch in flight and let its partition go."""
    if running := lanes.running():
        await asyncio.wait(running)
    lanes.release(lanes.finished())


async def test_rows_of_a_partition_go_as_one_batch() -> None:
    batches = broker()
    lanes = Lanes(batches, "test", NEVER)
    lanes.admit(rows("1a", "2a", "1b"))
    await settle(lanes)
    assert batches.sent == [[b"1a", b"1b"], [b"2a"]]


async def test_a_partition_takes_its_next_batch_after_the_acknowledgement() -> None:
    batches = broker()
    batches.open.clear()
    lanes = Lanes(batches, "test", NEVER)
    assert lanes.admit(rows("1a"))
    assert not lanes.admit(rows("1b"))
    assert lanes.admit(rows("2a"))
    assert lanes.held_back() == keys("1", "2")
    batches.open.set()
    await settle(lanes)
    assert lanes.held_back() == NOTHING
    assert batches.sent == [[b"1a"], [b"2a"]]


async def test_a_finished_batch_holds_its_keys_until_it_is_on_record() -> None:
    lanes = Lanes(broker(), "test", NEVER)
    lanes.admit(rows("1a"))
    await asyncio.wait(lanes.running())
    (delivery,) = lanes.finished().values()
    assert [row.id for row in delivery.sent] == [1]
    assert lanes.held_back() == keys("1")


async def test_a_refused_row_holds_back_its_key_only() -> None:
    batches = broker("1a")
    lanes = Lanes(batches, "test", NEVER)
    mine = rows("1a", "1b", "1c")
    other = a_row(9, "12", b"other key, same partition")
    lanes.admit([*mine, other])
    await asyncio.wait(lanes.running())
    (delivery,) = lanes.finished().values()
    lanes.release(lanes.finished())
    assert batches.sent == [[b"other key, same partition"]]
    assert [(row.id, reason) for row, reason in delivery.refused] == [(1, "too large")]
    assert lanes.held_back() == keys("1")


async def test_a_refused_row_is_tried_again_and_then_its_key_goes_on_in_order() -> None:
    batches = broker("1a")
    lanes = Lanes(batches, "test", AT_ONCE)
    lanes.admit(rows("1a", "1b"))
    await settle(lanes)
    await eventually(lambda: lanes.held_back() == NOTHING)
    batches.refused.clear()
    lanes.admit(rows("1a", "1b"))
    await settle(lanes)
    assert batches.sent == [[b"1a", b"1b"]]


async def test_only_what_fits_is_sent() -> None:
    lanes = Lanes(broker(fits=2), "test", NEVER)
    lanes.admit(rows("1a", "1b", "1c"))
    await asyncio.wait(lanes.running())
    (delivery,) = lanes.finished().values()
    assert [row.id for row in delivery.sent] == [1, 2]


async def test_a_broker_that_is_away_holds_back_the_partition() -> None:
    batches = broker()
    batches.away = True
    lanes = Lanes(batches, "test", NEVER)
    lanes.admit(rows("1a"))
    await settle(lanes)
    assert not lanes.admit(rows("1a"))
    assert lanes.held_back() == keys("1")
    assert lanes.soonest() is not None


async def test_after_the_pause_everything_is_tried_again() -> None:
    batches = broker()
    batches.away = True
    lanes = Lanes(batches, "test", AT_ONCE)
    lanes.admit(rows("1a"))
    await settle(lanes)
    await eventually(lambda: lanes.held_back() == NOTHING)
    batches.away = False
    lanes.admit(rows("1a"))
    await settle(lanes)
    assert batches.sent == [[b"1a"]]


async def test_a_topic_is_looked_up_before_anything_is_sent_to_it() -> None:
    batches = InMemoryBatches()
    lanes = Lanes(batches, "test", NEVER)
    lanes.admit(rows("1a"))
    await settle(lanes)
    assert batches.sent == []
    lanes.admit(rows("1a"))
    await settle(lanes)
    assert batches.sent == [[b"1a"]]


async def test_keys_of_a_topic_that_cannot_be_looked_up_are_held_back_as_one() -> None:
    batches = InMemoryBatches()
    batches.away = True
    lanes = Lanes(batches, "test", AT_ONCE)
    assert lanes.admit(rows("1a", "2a", "3a"))
    assert lanes.held_back() == Held({TOPIC})
    await asyncio.wait(lanes.running())
    assert lanes.held_back() == Held({TOPIC})
    await settle(lanes)
    await eventually(lambda: lanes.held_back() == NOTHING)
    batches.away = False
    for _ in range(2):
        assert lanes.admit(rows("1a", "2a", "3a"))
        await settle(lanes)
    assert batches.sent == [[b"1a"], [b"2a"], [b"3a"]]


async def test_a_topic_is_held_back_while_all_of_its_partitions_are_busy_or_paused() -> None:
    batches = broker()
    batches.away = True
    lanes = Lanes(batches, "test", NEVER)
    lanes.admit(rows(*"01234"))
    await settle(lanes)
    batches.away = False
    batches.open.clear()
    lanes.admit(rows(*"5678"))
    assert lanes.held_back() == keys(*"012345678")
    lanes.admit(rows("9"))
    assert lanes.held_back() == Held({TOPIC})
    batches.open.set()
    await settle(lanes)
    assert lanes.held_back() == keys(*"01234")


async def test_a_topic_that_is_held_back_holds_back_no_other_one() -> None:
    batches = broker()
    batches.away = True
    lanes = Lanes(batches, "test", NEVER)
    lanes.admit([a_row(1, "1", b"elsewhere", "others"), a_row(2, "2", b"here")])
    await settle(lanes)
    assert lanes.held_back() == Held({"others"}, {(TOPIC, "2")})
    batches.away = False
    assert lanes.admit([a_row(3, "3", b"here too")])
    await settle(lanes)
    assert batches.sent == [[b"here too"]]


async def test_a_key_in_flight_is_held_back_while_its_topic_is_looked_up_anew() -> None:
    batches = broker()
    batches.open.clear()
    lanes = Lanes(batches, "test", NEVER)
    lanes.admit(rows("1a"))
    batches.learned.clear()
    lanes.admit(rows("2a"))
    assert lanes.held_back() == Held({TOPIC})
    batches.learned.add(TOPIC)
    assert lanes.held_back() == keys("1")
    batches.open.set()
    await settle(lanes)
    assert lanes.held_back() == NOTHING
