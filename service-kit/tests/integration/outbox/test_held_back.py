"""What the relay leaves out of its looks at the outbox, and what those looks cost."""

import time
from dataclasses import dataclass, field

import asyncpg
import pytest
from service_kit.backoff import Delays
from service_kit.database import BY_INDEX, Connection
from service_kit.outbox import table
from service_kit.testing import eventually

from tests.integration.outbox.world import NOWHERE, PATIENT, RunRelay
from tests.records import a_record, append, by_key, read_topic

NEVER = Delays(PATIENT, PATIENT)
ADVANCE = table.advance


@dataclass
class Looks:
    """What each look at the outbox left out, and how many rows it brought.

    PostgreSQL takes `seconds` longer for each.
    """

    held: list[table.Held] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    seconds: float = 0.0

    async def advance(
        self,
        connection: Connection,
        sent: list[int],
        without: table.Held,
        limit: int,
        *,
        keep: bool,
    ) -> list[table.OutboxRow]:
        await connection.execute("SELECT pg_sleep($1)", self.seconds)
        rows = await ADVANCE(connection, sent, without, limit, keep=keep)
        self.held.append(without)
        self.rows.append(len(rows))
        return rows


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    looks = Looks()
    monkeypatch.setattr(table, "advance", looks.advance)
    return looks


async def test_keys_that_wait_for_kafka_are_not_read_again_and_again(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka_bootstrap: str, topic: str, looks: Looks
) -> None:
    keys = [f"{number}" for number in range(3000)]
    for payload in (b"1", b"2"):
        await append(pool, *(a_record(topic, key, payload) for key in keys))
    async with run_relay(NOWHERE, poll_seconds=0.01, delays=NEVER):
        await eventually(lambda: len(looks.rows) >= 10)
    assert sum(looks.rows) == 1000
    assert all(held == table.Held({topic}) for held in looks.held[1:])
    async with run_relay(poll_seconds=PATIENT):
        found = by_key(await read_topic(kafka_bootstrap, topic, 6000))
    assert found == {key.encode(): [b"1", b"2"] for key in keys}


async def test_looks_past_much_that_waits_for_kafka_take_a_tenth_of_the_time(
    pool: asyncpg.Pool, run_relay: RunRelay, topic: str, looks: Looks
) -> None:
    await append(pool, a_record(topic))
    async with run_relay(NOWHERE, poll_seconds=PATIENT, delays=NEVER) as relay:
        await eventually(lambda: table.Held({topic}) in looks.held)
        looks.seconds = 0.05
        before, begun = len(looks.rows), time.monotonic()
        while time.monotonic() < begun + 2.0:
            await append(pool, a_record(topic))
            relay.wake()
        elapsed = time.monotonic() - begun
    assert 1 <= len(looks.rows) - before <= 2 + elapsed / 0.5


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_what_is_unsent_is_found_by_its_index(pool: asyncpg.Pool, plan: str) -> None:
    await pool.execute(
        "INSERT INTO outbox (event_id, topic, key, type, payload, sent_at)"
        " SELECT gen_random_uuid(), 'events', n, 't', '', now() FROM generate_series(1, 20000) AS n"
    )
    await append(pool, a_record("events"), a_record("others"))
    await pool.execute("ANALYZE outbox")
    scans = "SELECT pg_stat_get_xact_numscans('outbox_unsent'::regclass)"
    async with pool.acquire() as connection, connection.transaction():
        for name, value in {**BY_INDEX, "plan_cache_mode": plan}.items():
            await connection.execute("SELECT set_config($1, $2, true)", name, value)
        before = await connection.fetchval(scans)
        (row,) = await table.unsent(connection, table.Held({"events"}), 10)
        (left,) = await table.advance(connection, [row.id], table.Held(), 10, keep=True)
        assert await table.advance(connection, [left.id], table.Held(), 10, keep=False) == []
        assert await connection.fetchval(scans) == before + 3
