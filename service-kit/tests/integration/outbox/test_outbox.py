"""Outbox and relay with a real PostgreSQL and the embedded broker."""

import asyncio
import time
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from service_kit import inbox, metrics, outbox
from service_kit.contention import Contention
from service_kit.events import Consumer, ReceivedEvent
from service_kit.outbox import Relay
from service_kit.testing import eventually

from tests.integration.outbox.world import NOWHERE, PATIENT, RunRelay
from tests.records import a_record, append, by_key, is_drained, read_topic


async def test_events_of_a_key_arrive_in_order(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str
) -> None:
    expected = {f"{key}".encode(): [f"{n}".encode() for n in range(100)] for key in range(10)}
    for number in range(100):
        await append(pool, *(a_record(topic, f"{key}", f"{number}".encode()) for key in range(10)))
    async with run_relay():
        assert by_key(await read_topic(kafka_bootstrap, topic, 1000)) == expected


async def test_an_event_is_a_cloud_event(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    record = a_record(topic, "7", b"\x08\x07", headers={"traceparent": trace})
    await append(pool, record)
    async with run_relay():
        (found,) = await read_topic(kafka_bootstrap, topic, 1)
    assert (found.key, found.value) == (b"7", b"\x08\x07")
    created_at = await pool.fetchval("SELECT created_at FROM outbox")
    assert found.header("ce_time").endswith("Z")
    assert datetime.fromisoformat(found.header("ce_time")) == created_at
    assert dict(found.headers) | {"ce_time": b""} == {
        "ce_specversion": b"1.0",
        "ce_id": str(record.event_id).encode(),
        "ce_type": b"user.created.v1",
        "ce_source": b"test",
        "ce_time": b"",
        "content-type": b"application/protobuf",
        "traceparent": trace.encode(),
    }


async def test_what_was_rolled_back_is_never_published(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str
) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await outbox.append(connection, [a_record(topic, payload=b"undone")])
        await transaction.rollback()
    await append(pool, a_record(topic, payload=b"done"))
    async with run_relay():
        found = await read_topic(kafka_bootstrap, topic, 1)
        await eventually(lambda: is_drained(pool))
    assert [record.value for record in found] == [b"done"]


async def test_a_statement_of_the_callers_announces_what_it_does_and_nothing_else(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    record = a_record(topic, "7", b"done", headers={"traceparent": trace})
    sql = f"""WITH made AS (SELECT WHERE $1), announced AS ({outbox.insertion("made", 2)})
        SELECT FROM made"""  # noqa: S608
    for happens in (False, True):
        await pool.execute(sql, happens, *outbox.parameters(record))
    async with run_relay():
        (found,) = await read_topic(kafka_bootstrap, topic, 1)
        await eventually(lambda: is_drained(pool))
    assert (found.key, found.value) == (b"7", b"done")
    assert found.header("ce_id") == str(record.event_id)
    assert found.header("traceparent") == trace


async def test_a_row_that_commits_after_a_later_one_is_not_missed(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str
) -> None:
    async with run_relay() as relay, pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await outbox.append(slow, [a_record(topic, "slow", b"first id")])
        await append(pool, a_record(topic, "quick", b"second id"))
        relay.wake()
        assert [r.value for r in await read_topic(kafka_bootstrap, topic, 1)] == [b"second id"]
        await transaction.commit()
        relay.wake()
        found = await read_topic(kafka_bootstrap, topic, 2)
    assert {record.value for record in found} == {b"first id", b"second id"}


async def test_a_wake_up_publishes_at_once(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str
) -> None:
    async with run_relay(poll_seconds=PATIENT) as relay:
        await append(pool, a_record(topic))
        relay.wake()
        await eventually(lambda: is_drained(pool))
        await append(pool, a_record(topic))
        started = time.perf_counter()
        relay.wake()
        await eventually(lambda: is_drained(pool))
    assert time.perf_counter() - started < 0.5


async def test_what_is_written_in_quick_succession_is_read_and_stamped_together(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str
) -> None:
    pace = 1.0
    async with run_relay(poll_seconds=PATIENT, pace_seconds=pace) as relay:
        await eventually(lambda: relay.leading)
        begun = time.monotonic()
        for number in range(20):
            await append(pool, a_record(topic, payload=f"{number}".encode()))
            relay.wake()
        await eventually(lambda: is_drained(pool), 20)
        looks = 1 + (time.monotonic() - begun) / pace
        found = await read_topic(kafka_bootstrap, topic, 20)
    assert [record.value for record in found] == [f"{number}".encode() for number in range(20)]
    stamps = await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM outbox")
    assert stamps <= looks


async def test_it_looks_less_often_where_processors_are_scarce(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Contention, "between", lambda _, least, most: max(least, most))
    async with run_relay(poll_seconds=PATIENT, pace_seconds=0.1) as relay:
        await eventually(lambda: relay.leading)
        begun = time.monotonic()
        while time.monotonic() < begun + 2.0:
            await append(pool, a_record(topic))
            relay.wake()
        await eventually(lambda: is_drained(pool), 20)
        elapsed = time.monotonic() - begun
    stamps = await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM outbox")
    assert stamps <= 1 + elapsed / 0.25


async def test_a_backlog_does_not_wait_for_the_next_look(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str
) -> None:
    await append(pool, *(a_record(topic, f"{number % 7}") for number in range(5000)))
    async with run_relay(poll_seconds=PATIENT, pace_seconds=5.0):
        await eventually(lambda: is_drained(pool), 14)  # at its pace: 25 s


async def test_without_a_wake_up_the_poll_finds_it(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str
) -> None:
    async with run_relay(poll_seconds=0.05) as relay:
        await eventually(lambda: relay.leading)
        await append(pool, a_record(topic))
        await eventually(lambda: is_drained(pool))


async def test_one_of_two_relays_leads_and_the_other_wakes_it(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str
) -> None:
    async with run_relay(poll_seconds=PATIENT) as leader:
        await eventually(lambda: leader.leading)
        async with run_relay(poll_seconds=PATIENT) as follower:
            await append(pool, a_record(topic))

            async def is_published() -> bool:
                follower.wake()
                return await is_drained(pool)

            await eventually(is_published)
            assert (leader.leading, follower.leading) == (True, False)


async def test_the_second_relay_takes_over_when_the_first_is_gone(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str
) -> None:
    async with run_relay() as first:
        await eventually(lambda: first.leading)
        async with run_relay(poll_seconds=0.1) as second:
            await terminate(pool)
            await append(pool, a_record(topic))
            await eventually(lambda: is_drained(pool))
            await eventually(lambda: first.leading != second.leading)


async def terminate(pool: asyncpg.Pool) -> None:
    """Cut the relay's connection, as a failover of the database would."""
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'test outbox' AND datname = current_database()"
    )


async def test_a_relay_that_loses_its_connection_comes_back(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str
) -> None:
    async with run_relay() as relay:
        await eventually(lambda: relay.leading)
        await terminate(pool)
        await append(pool, a_record(topic))
        await eventually(lambda: is_drained(pool))
        await eventually(lambda: relay.leading)


@pytest.mark.parametrize("kept", [timedelta(days=1), timedelta(0)], ids=["stamped", "deleted"])
async def test_a_crash_between_sending_and_stamping_has_its_effect_once(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str, kept: timedelta
) -> None:
    record = a_record(topic, payload=b"once")
    await append(pool, record)
    async with pool.acquire() as other:
        lock = other.transaction()
        await lock.start()
        await other.execute("SELECT FROM outbox FOR UPDATE")  # reads pass, the stamp waits
        async with run_relay(keep_sent=kept):
            await read_topic(kafka_bootstrap, topic, 1)
            await terminate(pool)
            await lock.rollback()
            twice = await read_topic(kafka_bootstrap, topic, 2)
            await eventually(lambda: is_drained(pool))
    assert [found.header("ce_id") for found in twice] == [str(record.event_id)] * 2

    effects: list[UUID] = []
    offsets: list[int] = []

    async def handle(events: list[ReceivedEvent]) -> None:
        async with pool.acquire() as connection, connection.transaction():
            new = await inbox.claim(connection, "group", [event.id for event in events])
        effects.extend(new)
        offsets.extend(event.offset for event in events)

    consumer = Consumer(kafka_bootstrap, f"group-{topic}", [topic], handle)  # type: ignore[arg-type] # a list is a Sequence
    task = asyncio.create_task(consumer.run())
    await eventually(lambda: len(offsets) == 2, 20)
    task.cancel()
    await asyncio.wait({task})
    assert effects == [record.event_id]


async def test_sent_rows_are_pruned_and_unsent_ones_are_not(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str
) -> None:
    await append(pool, *(a_record(topic) for _ in range(3)))
    await pool.execute("UPDATE outbox SET sent_at = now() - interval '2 hours'")
    await append(pool, a_record(topic))
    async with run_relay(keep_sent=timedelta(hours=1)):
        await eventually(lambda: is_drained(pool))

        async def is_pruned() -> bool:
            return bool(await pool.fetchval("SELECT count(*) = 1 FROM outbox"))

        await eventually(is_pruned)


async def test_where_nothing_is_kept_rows_go_at_the_acknowledgement(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str
) -> None:
    await append(pool, a_record(topic, payload=b"stamped by a version that keeps them"))
    await pool.execute("UPDATE outbox SET sent_at = now()")
    await append(pool, a_record(topic, payload=b"1"), a_record(topic, payload=b"2"))

    async def is_empty() -> bool:
        return not await pool.fetchval("SELECT count(*) FROM outbox")

    async with run_relay(keep_sent=timedelta(0), poll_seconds=0.05) as relay:
        await eventually(is_empty)
        await append(pool, a_record(topic, payload=b"3"))
        relay.wake()
        found = await read_topic(kafka_bootstrap, topic, 3)
    assert [record.value for record in found] == [b"1", b"2", b"3"]
    assert await is_empty()  # noted in the moment in which a relay that ends may still do so


async def test_the_backlog_is_measured(
    pool: asyncpg.Pool, run_relay: RunRelay, database_url: str, topic: str
) -> None:
    await append(pool, a_record(topic), a_record(topic))
    relay = Relay(database_url, NOWHERE, "backlog", poll_seconds=0.05)
    task = asyncio.create_task(relay.run())
    gauge = metrics.OUTBOX_UNSENT.labels("backlog")
    await eventually(lambda: gauge._value.get() == 2)
    await eventually(lambda: metrics.OUTBOX_OLDEST.labels("backlog")._value.get() > 0)
    task.cancel()
    await asyncio.wait({task})
    sent = metrics.OUTBOX_PUBLISHED.labels("test", "sent")
    before = sent._value.get()
    async with run_relay():
        await eventually(lambda: is_drained(pool))
    assert sent._value.get() == before + 2
