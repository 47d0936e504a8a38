"""Offsets of handled events, committed together: each commit is a round trip for a few bytes."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka
from service_kit import logs

_EVERY_SECONDS: Final = 0.1
"""What a crash hands to the next member once more is as old as this; inboxes make it harmless."""


class Offsets:
    """What one member of `group` has handled and not yet committed."""

    def __init__(self, consumer: AIOKafkaConsumer, group: str) -> None:
        self._consumer = consumer
        self._group = group
        self._waiting: dict[TopicPartition, int] = {}
        self._due = 0.0

    def handled(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Note where to go on in some partitions: one behind the last event that was handled."""
        if offsets and not self._waiting:
            self._due = time.monotonic() + _EVERY_SECONDS
        self._waiting.update(offsets)

    def due_in(self) -> float | None:
        """Seconds until something is to be committed, at least 0; None where nothing waits."""
        return max(0.0, self._due - time.monotonic()) if self._waiting else None

    async def commit(self) -> None:
        """Commit what waits, if anything does. Raises `KafkaError` where the broker is away.

        Cancelled, it leaves what it has not seen committed waiting.
        """
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            await self._consumer.commit(waiting)
        except (kafka.CommitFailedError, kafka.IllegalStateError) as error:
            # The group has gone on without this member; the inbox makes the redelivery harmless.
            logs.get(__name__).warning(
                "offset not committed", group=self._group, reason=repr(error)
            )
        except asyncio.CancelledError:
            self._waiting = waiting | self._waiting
            raise
