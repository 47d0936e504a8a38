"""Topics are made by the services that need them, not by the broker's guess."""

from collections.abc import Collection
from typing import Final

from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

_REQUEST_SECONDS: Final = 10
_FINE: Final = (0, kafka.TopicAlreadyExistsError.errno)


async def ensure_topics(
    bootstrap: str, names: Collection[str], partitions: int = 6, replication: int = 1
) -> bool:
    """Make the topics that are missing; returns False where librdkafka's embedded broker runs.

    That one makes a topic at the first question about it, with as many partitions as it likes.
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
        missing = [NewTopic(name, partitions, replication) for name in names if name not in known]
        if missing:
            _check(await admin.create_topics(missing))
        return True
    finally:
        await admin.close()


async def _has_controller(admin: AIOKafkaAdminClient) -> bool:
    """The embedded broker names a controller that is none of its brokers."""
    cluster = await admin.describe_cluster()
    return cluster["controller_id"] in {broker["node_id"] for broker in cluster["brokers"]}


def _check(created: object) -> None:
    for topic in created.to_object()["topic_errors"]:  # type: ignore[attr-defined] # a protocol struct
        if topic["error_code"] not in _FINE:
            raise kafka.for_code(topic["error_code"])(f"{topic['topic']}: not created")
