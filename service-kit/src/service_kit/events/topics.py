"""Topics are made by the services that need them, not by the broker's guess."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

TOPIC_KEPT: Final = timedelta(days=7)
"""Kafka's own default; said all the same, since a cluster may have another one."""

_SEGMENT: Final = timedelta(days=1)
"""Kafka deletes whole segments: an event lives at most this much longer than it is kept."""

_REQUEST_SECONDS: Final = 10
_FINE: Final = (0, kafka.TopicAlreadyExistsError.errno)


def letters_kept(kept: timedelta) -> timedelta:
    """How long dead letters of a topic that keeps its events for `kept` wait for somebody."""
    return 3 * kept


def longest_life(kept: timedelta) -> timedelta:
    """How old an event can be when it comes again: as a dead letter that is requeued at last."""
    return kept + _SEGMENT + letters_kept(kept) + _SEGMENT


async def ensure_topics(
    bootstrap: str,
    names: Collection[str],
    partitions: int = 6,
    replication: int = 1,
    kept: timedelta = TOPIC_KEPT,
) -> bool:
    """Make the topics that are missing; returns False where librdkafka's embedded broker runs.

    A new topic keeps events for `kept`; those that are there stay as they are. The embedded broker
    makes a topic at the first question about it, with as many partitions as it likes.
    Raises `KafkaError`.
    """
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_SECONDS * 1000
    )
    try:
        await admin.start()
        if not await _has_controller(admin):
            await admin.describe_topics(list(names))
            return False
        # All topics, not these: a broker may make what it is asked about, with its own defaults.
        known = await admin.list_topics()
        missing = [
            NewTopic(name, partitions, replication, topic_configs=_configs(kept))
            for name in names
            if name not in known
        ]
        if missing:
            _check(await admin.create_topics(missing))
        return True
    finally:
        await admin.close()


async def _has_controller(admin: AIOKafkaAdminClient) -> bool:
    """The embedded broker names a controller that is none of its brokers."""
    cluster = await admin.describe_cluster()
    return cluster["controller_id"] in {broker["node_id"] for broker in cluster["brokers"]}


def _configs(kept: timedelta) -> dict[str, str]:
    """A topic of few events would else keep them a week longer, until its segment is full."""
    return {"retention.ms": _milliseconds(kept), "segment.ms": _milliseconds(min(kept, _SEGMENT))}


def _milliseconds(time: timedelta) -> str:
    return str(int(time.total_seconds() * 1000))


def _check(created: object) -> None:
    for topic in created.to_object()["topic_errors"]:  # type: ignore[attr-defined] # a protocol struct
        if topic["error_code"] not in _FINE:
            raise kafka.for_code(topic["error_code"])(f"{topic['topic']}: not created")
