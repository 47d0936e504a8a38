"""What a consumer takes in hand at once."""

from collections.abc import Mapping
from itertools import repeat

from aiokafka import TopicPartition
from aiokafka import errors as kafka
from service_kit.events.fetching import fetch

FIRST, SECOND, THIRD = (TopicPartition("posts", number) for number in range(3))
Answer = Mapping[TopicPartition, list[str]]


class ScriptedConsumer:
    """Answers `getmany` of everything in turn, and of one partition by what is kept for it."""

    def __init__(
        self, *answers: Answer, kept: Mapping[TopicPartition, list[str] | Exception] | None = None
    ) -> None:
        self._answers = list(answers)
        self._kept = dict(kept or {})
        self.patience: list[int] = []
        self.now = 0.0

    def assignment(self) -> set[TopicPartition]:
        return {FIRST, SECOND, THIRD}

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int
    ) -> Answer:
        if not partitions:
            if self.patience:  # the first answer was there; what comes later takes a while
                self.now += min(timeout_ms, 10) / 1000
            self.patience.append(timeout_ms)
            return self._answers.pop(0)
        found = self._kept.pop(partitions[0], [])
        if isinstance(found, Exception):
            raise found
        return {partitions[0]: found[:max_records]} if found else {}


async def fetched(consumer: ScriptedConsumer, assignments: list[int] | None = None) -> object:
    numbers = iter(assignments) if assignments else repeat(1)
    return await fetch(consumer, 0.5, 3, lambda: next(numbers), 0.005, clock=lambda: consumer.now)


async def test_who_is_behind_waits_a_moment_for_what_has_gathered() -> None:
    consumer = ScriptedConsumer({FIRST: ["a"]}, {FIRST: ["b"], SECOND: ["c"]})
    assert await fetched(consumer) == {FIRST: ["a", "b"], SECOND: ["c"]}
    assert consumer.patience == [500, 5]


async def test_who_is_behind_gathers_until_the_batch_is_full_but_not_for_ever() -> None:
    consumer = ScriptedConsumer({FIRST: ["a"]}, {}, {SECOND: ["b"]}, {FIRST: ["c"]})
    found: object = await fetch(consumer, 0.5, 3, lambda: 1, 0.04, clock=lambda: consumer.now)
    assert found == {FIRST: ["a", "c"], SECOND: ["b"]}
    assert consumer.patience == [500, 40, 30, 20]


async def test_a_full_batch_goes_on_at_once_with_what_the_other_partitions_have() -> None:
    consumer = ScriptedConsumer({FIRST: ["a", "b", "c"]}, kept={SECOND: ["d"]})
    assert await fetched(consumer) == {FIRST: ["a", "b", "c"], SECOND: ["d"]}
    assert consumer.patience == [500]


async def test_nothing_is_nothing() -> None:
    consumer = ScriptedConsumer({}, kept={SECOND: ["d"]})
    assert await fetched(consumer) == {}


async def test_what_was_found_before_a_rebalance_is_left_to_whoever_has_it_now() -> None:
    consumer = ScriptedConsumer({FIRST: ["a"]}, {SECOND: ["c"]})
    assert await fetched(consumer, [1, 2]) == {SECOND: ["c"]}


async def test_a_partition_that_fails_holds_up_no_other() -> None:
    consumer = ScriptedConsumer(
        {FIRST: ["a", "b", "c"]}, kept={SECOND: kafka.KafkaError(), THIRD: ["e"]}
    )
    assert await fetched(consumer) == {FIRST: ["a", "b", "c"], THIRD: ["e"]}
