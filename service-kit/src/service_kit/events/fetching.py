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
_GATHER_SECONDS: Final = 0.005
_LONGEST_GATHER_SECONDS: Final = 0.04
"""Who is behind gathers for as long as it was busy: larger batches make up for that."""

Fetched = dict[TopicPartition, Sequence[Record]]


async def fetch(
    consumer: AIOKafkaConsumer,
    seconds: float,
    batch_size: int,
    assignment: Callable[[], int],
    busy_seconds: float = 0.0,
) -> Fetched:
    """Up to a batch of every partition, as soon as one has something; nothing after `seconds`.

    All of it belongs to what `assignment` numbers when this returns. `busy_seconds` is how long it
    took to handle what was fetched last.
    """
    begun = time.monotonic()
    found: Fetched = await consumer.getmany(timeout_ms=int(seconds * 1000), max_records=batch_size)
    is_behind = time.monotonic() - begun < _AT_ONCE_SECONDS
    if found and is_behind:
        until = begun + min(max(_GATHER_SECONDS, busy_seconds), _LONGEST_GATHER_SECONDS)
        found = await _gathered(consumer, found, batch_size, assignment, until)
    if found:
        await _add_others(consumer, found, batch_size)
    return found


async def _gathered(
    consumer: AIOKafkaConsumer,
    found: Fetched,
    batch_size: int,
    assignment: Callable[[], int],
    until: float,
) -> Fetched:
    """What came first while the last batch was handled, and all that has come since.

    A broker answers as soon as there is one record, and what comes next stays there until that one
    is taken: a consumer that is always late would handle them one at a time. The embedded broker
    gives no more of a partition at once than was sent at once.
    """
    before = assignment()
    while sum(map(len, found.values())) < batch_size and (left := until - time.monotonic()) > 0:
        milliseconds = ceil(left * 1000)
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
