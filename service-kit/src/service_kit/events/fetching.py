"""What a consumer takes in hand at once: a batch of every partition that has something."""

import time
from collections.abc import Callable, Sequence
from math import ceil
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka
from service_kit import logs
from service_kit.events.message import Record

_AT_ONCE_SECONDS: Final = 0.001

Fetched = dict[TopicPartition, Sequence[Record]]


async def fetch(
    consumer: AIOKafkaConsumer,
    seconds: float,
    batch_size: int,
    assignment: Callable[[], int],
    gather_seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Fetched:
    """Up to a batch of every partition, as soon as one has something; nothing after `seconds`.

    Who is behind waits `gather_seconds` for more to come. All of it belongs to what `assignment`
    numbers when this returns.
    """
    begun = clock()
    found: Fetched = await consumer.getmany(timeout_ms=int(seconds * 1000), max_records=batch_size)
    is_behind = clock() - begun < _AT_ONCE_SECONDS
    if found and is_behind:

        def left() -> float:
            return begun + gather_seconds - clock()

        found = await _gathered(consumer, found, batch_size, assignment, left)
    if found:
        await _add_others(consumer, found, batch_size)
    return found


async def _gathered(
    consumer: AIOKafkaConsumer,
    found: Fetched,
    batch_size: int,
    assignment: Callable[[], int],
    left: Callable[[], float],
) -> Fetched:
    """What came first while the last batch was handled, and all that has come since.

    A broker answers as soon as there is one record, and what comes next stays there until that one
    is taken: a consumer that is always late would handle them one at a time. The embedded broker
    gives no more of a partition at once than was sent at once.
    """
    before = assignment()
    while sum(map(len, found.values())) < batch_size and (seconds := left()) > 0:
        milliseconds = ceil(seconds * 1000)
        more: Fetched = await consumer.getmany(timeout_ms=milliseconds, max_records=batch_size)
        if assignment() != before:
            return more
        found = found | {each: [*found.get(each, ()), *some] for each, some in more.items()}
    return found


async def _add_others(consumer: AIOKafkaConsumer, found: Fetched, batch_size: int) -> None:
    """Ask the others, too: a backlog of one partition fills a batch alone.

    These calls do not wait, and so belong to the same assignment: a rebalance waits for the event
    loop.
    """
    for partition in consumer.assignment() - found.keys():
        try:
            found |= await consumer.getmany(partition, max_records=batch_size)
        except kafka.KafkaError as error:
            # What is found goes on; this one is asked for again.
            logs.get(__name__).warning("not fetched", partition=str(partition), reason=repr(error))
