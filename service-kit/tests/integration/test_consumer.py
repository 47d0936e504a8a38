"""How a consumer takes in what the embedded broker has."""

import time
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
from service_kit.contention import Contention
from service_kit.events import ReceivedEvent
from service_kit.testing import eventually

from tests.records import a_record
from tests.topics import KafkaTopic


@pytest.fixture
async def topic(kafka_bootstrap: str) -> AsyncIterator[KafkaTopic]:
    topic = KafkaTopic(f"events-{uuid4().hex[:8]}", kafka_bootstrap)
    yield topic
    await topic.close()


class Taking:
    """Notes how many events each call brings."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    async def __call__(self, events: Sequence[ReceivedEvent]) -> None:
        self.batches.append(len(events))


async def test_it_takes_more_at_once_where_processors_are_scarce(
    topic: KafkaTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Contention, "between", lambda _, least, most: max(least, most))
    taking, sent = Taking(), 1
    await topic.publish(a_record(topic.name))
    async with topic.consuming("group", taking):
        await eventually(lambda: sum(taking.batches) == sent, 20)
        begun = time.monotonic()
        while time.monotonic() < begun + 2.0:
            await topic.publish(a_record(topic.name))
            sent += 1
        await eventually(lambda: sum(taking.batches) == sent, 20)
        elapsed = time.monotonic() - begun
    # One is taken when it comes, and those that came meanwhile wait for others.
    assert len(taking.batches) <= 4 + 2 * elapsed / 0.04
