"""Build all inboxes again from notification-events, where everything that happened in them stands.

Stop the service before: whoever reads or changes an inbox waits while this runs. Nothing is
announced, and no offset moves; when it fails, nothing has changed.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence

import asyncpg
from pinstack_proto import topics
from service_kit import logs
from service_kit.config import load
from service_kit.events import BrokerAway
from service_kit.events.message import type_of
from service_kit.events.reader import open_reader

from notification_service.adapters.event_journal import TOPICS, entries_of
from notification_service.adapters.postgres.replay import open_replay
from notification_service.config import Settings
from notification_service.domain.journal import JournalEntry, Replayed
from notification_service.main import NAME


async def replayed(url: str, bootstrap: str, *, exact: bool) -> tuple[Replayed, int]:
    """What the inboxes at `url` hold afterwards, and how many events could not be read.

    With `exact`, notifications that the topic does not know are deleted. Raises `BrokerAway`,
    `PostgresError`, `OSError`.
    """
    unreadable = 0
    async with open_replay(url) as replay, open_reader(bootstrap) as reader:
        # Before Kafka: what is sent meanwhile stands in both places, and nothing in neither.
        entries, bad = _facts(await replay.unsent(topics.NOTIFICATION_EVENTS))
        await replay.add(entries)
        unreadable += bad
        async for batch in reader.read(TOPICS):
            entries, bad = _facts((type_of(record), record.value or b"") for record in batch)
            await replay.add(entries)
            unreadable += bad
        return await replay.finish(exact=exact), unreadable


def _facts(events: Iterable[tuple[str, bytes]]) -> tuple[list[JournalEntry], int]:
    entries: list[JournalEntry] = []
    unreadable = 0
    for event_type, value in events:
        try:
            entries += entries_of(event_type, value)
        except ValueError:
            unreadable += 1
    return entries, unreadable


def main(arguments: Sequence[str] | None = None) -> int:
    """`[--exact]`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m notification_service.replay", description=__doc__
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="delete notifications that the topic does not know (default: they stay)",
    )
    chosen = parser.parse_args(arguments)
    settings = load(Settings)
    logs.configure(NAME, "WARNING")
    url, bootstrap = settings.database_url.get_secret_value(), settings.kafka.bootstrap_servers
    try:
        done, unreadable = asyncio.run(replayed(url, bootstrap, exact=chosen.exact))
    except (BrokerAway, asyncpg.PostgresError, OSError) as error:
        print(f"replay: nothing has changed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"replayed: {done.notifications} notifications in {done.inboxes} inboxes")
    if done.kept:
        print(f"kept: {done.kept} that the topic does not know (--exact deletes them)")
    if unreadable:
        print(f"passed over: {unreadable} events that can't be read", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
