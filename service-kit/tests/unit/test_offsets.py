"""Offsets that are committed together."""

import asyncio
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka import errors as kafka
from service_kit.events.offsets import Offsets
from service_kit.testing import eventually

FIRST, SECOND = TopicPartition("posts", 0), TopicPartition("posts", 1)


class Commits:
    """A consumer that remembers what was committed, unless the group has gone on without it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.made: list[Mapping[TopicPartition, int]] = []
        self._error = error

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self._error is not None:
            raise self._error
        self.made.append(offsets)


async def test_the_last_offset_of_each_partition_is_committed_once() -> None:
    commits = Commits()
    offsets = Offsets(commits, "readers")
    for handled in ({FIRST: 1}, {SECOND: 7}, {FIRST: 3}):
        offsets.handled(handled)
    await offsets.commit()
    await offsets.commit()
    assert commits.made == [{FIRST: 3, SECOND: 7}]


async def test_a_commit_is_due_a_moment_after_the_first_event_and_never_without_one() -> None:
    offsets = Offsets(Commits(), "readers")
    offsets.handled({})
    assert offsets.due_in() is None
    offsets.handled({FIRST: 1})
    assert offsets.due_in()
    await eventually(lambda: offsets.due_in() == 0)
    await offsets.commit()
    assert offsets.due_in() is None


async def test_a_group_that_went_on_alone_is_no_error() -> None:
    offsets = Offsets(Commits(kafka.CommitFailedError()), "readers")
    offsets.handled({FIRST: 1})
    await offsets.commit()
    assert offsets.due_in() is None


async def test_a_commit_that_is_cancelled_is_made_up_for() -> None:
    class Slow(Commits):
        answers = asyncio.Event()

        async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
            await self.answers.wait()
            await super().commit(offsets)

    commits = Slow()
    offsets = Offsets(commits, "readers")
    offsets.handled({FIRST: 1, SECOND: 7})
    committing = asyncio.create_task(offsets.commit())
    await asyncio.sleep(0)
    offsets.handled({FIRST: 2})
    committing.cancel()
    await asyncio.wait({committing})
    commits.answers.set()
    await offsets.commit()
    assert commits.made == [{FIRST: 2, SECOND: 7}]
