"""`python -m service_kit.events` as an operator meets it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from service_kit.events import Publisher
from service_kit.events.dead_letters import KafkaDeadLetters
from service_kit.outbox import OutboxRecord
from service_kit.testing import free_port
from service_kit.testing.topic import StoredRecord

from tests.topics import KafkaTopic


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it said."""

    code: int | None
    out: list[str]
    error: str


async def events(bootstrap: str, *arguments: str) -> Done:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service_kit.events",
        *arguments,
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": bootstrap},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    return Done(process.returncode, out.decode().splitlines(), error.decode())


@pytest.fixture
async def group(kafka_bootstrap: str) -> AsyncIterator[str]:
    """A consumer group of this test's own, with three dead letters."""
    name = f"group-{uuid4().hex[:8]}"
    publisher = Publisher(kafka_bootstrap, "test")
    dead_letters = KafkaDeadLetters(publisher, name)
    for number, kind in enumerate((b"thing.made.v1", b"thing.made.v1", b"thing.lost.v1")):
        headers = [("ce_id", b"%d" % number), ("ce_type", kind)]
        record = StoredRecord(f"{name}-events", 0, number, b"7", b"", headers)
        await dead_letters.put(record, f"reason {number}", 1)
    yield name
    await publisher.close()


async def test_dead_letters_are_listed_shown_requeued_and_dropped(
    kafka_bootstrap: str, group: str
) -> None:
    listed = await events(kafka_bootstrap, "dlq", "list", "--group", group)
    assert listed.out[-1] == "3 waiting"
    first, second, third = [line.split()[1] for line in listed.out[:-1]]
    assert f"from {group}-events/0/1:  reason 1" in listed.out[1]

    shown = await events(kafka_bootstrap, "dlq", "show", "--group", group, second)
    letter = json.loads("\n".join(shown.out))
    assert (letter["letter"], letter["reason"], letter["state"]) == (second, "reason 1", "waiting")
    assert letter["event"]["key"] == "7"

    done = await events(kafka_bootstrap, "dlq", "requeue", "--group", group, second)
    assert done.out == [f"{second} is back on {group}-events"]
    await events(
        kafka_bootstrap, "dlq", "drop", "--group", group, "--all", "--type", "thing.lost.v1"
    )
    rest = await events(kafka_bootstrap, "dlq", "list", "--group", group, "--json")
    assert [json.loads(line)["letter"] for line in rest.out] == [first]
    every = await events(kafka_bootstrap, "dlq", "list", "--group", group, "--done")
    assert [line.split()[1:3] for line in every.out[:-1]] == [
        [first, "waiting"],
        [second, "requeued"],
        [third, "dropped"],
    ]


async def test_a_letter_that_is_done_with_is_not_put_back_again(
    kafka_bootstrap: str, group: str
) -> None:
    listed = await events(kafka_bootstrap, "dlq", "list", "--group", group)
    letter = listed.out[0].split()[1]
    assert (await events(kafka_bootstrap, "dlq", "drop", "--group", group, letter)).code == 0
    again = await events(kafka_bootstrap, "dlq", "requeue", "--group", group, letter)
    assert again.code == 1
    assert f"nothing waits as {letter}" in again.error
    nothing = await events(kafka_bootstrap, "dlq", "requeue", "--group", group)
    assert (nothing.code, nothing.error) == (1, "events: name letters by their ids, or say --all\n")


async def test_tail_prints_what_a_topic_holds_and_ends_after_a_count(kafka_bootstrap: str) -> None:
    topic = KafkaTopic(f"things-{uuid4().hex[:8]}", kafka_bootstrap)
    for key in ("1", "2", "1"):
        await topic.publish(OutboxRecord(topic.name, key, "thing.made.v1", b""))
    await topic.close()
    tail = ("tail", topic.name, "--from-start", "--json", "--key", "1", "--count", "2")
    found = await events(kafka_bootstrap, *tail)
    said = [json.loads(line) for line in found.out]
    assert [(one["key"], one["type"], one["source"]) for one in said] == [
        ("1", "thing.made.v1", "test")
    ] * 2


async def test_a_topic_that_is_missing_is_named_with_those_that_are_there(
    kafka_bootstrap: str, group: str
) -> None:
    done = await events(kafka_bootstrap, "tail", "no-such-events")
    assert done.code == 1
    assert "no topic no-such-events; there are: " in done.error
    assert f"{group}.dlq" in done.error


async def test_a_broker_that_is_away_is_named() -> None:
    address = f"127.0.0.1:{free_port()}"
    done = await events(address, "dlq", "list")
    assert done.code == 1
    assert f"events: no answer from Kafka at {address}" in done.error
    assert "Traceback" not in done.error
