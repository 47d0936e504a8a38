"""`dlq`: list, show, requeue and drop the dead letters of consumer groups."""

import argparse
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from service_kit.events.dead_letter_box import DeadLetter, DeadLetterBox
from service_kit.events.decoding import installed_decoders
from service_kit.events.publisher import Publisher
from service_kit.events.reader import TopicReader, open_reader
from service_kit.events.rendering import letter_as_dict, letter_as_line

_SUFFIX: Final = ".dlq"


class NoSuchLetter(Exception):
    """A dead letter that was named does not wait there; the message says which."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which letters."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="what waits, the oldest first")
    listing.add_argument("--group", help="of this consumer group (default: of all)")
    listing.add_argument("--done", action="store_true", help="requeued and dropped ones too")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    _add_filters(listing)
    for action, text in (
        ("show", "all about letters, decoded"),
        ("requeue", "put letters back onto the topic that they were in"),
        ("drop", "lay letters aside for good"),
    ):
        one = actions.add_parser(action, help=text)
        one.add_argument("--group", required=True)
        one.add_argument("ids", nargs="*", metavar="ID", help="partition/offset, as listed")
        one.add_argument("--all", action="store_true", help="all that wait (see the filters)")
        _add_filters(one)


async def run(bootstrap: str, chosen: argparse.Namespace) -> None:
    """Do it. Raises `NoSuchLetter`, `NoSuchTopic`, `BrokerAway`, `MessagesRefused`."""
    async with open_reader(bootstrap) as reader:
        if chosen.action == "list":
            await _list(bootstrap, reader, chosen)
            return
        async with _box(bootstrap, chosen.group, reader) as box:
            for letter in _picked(await box.letters(), chosen):
                await _handle(box, letter, chosen.action)


async def _list(bootstrap: str, reader: TopicReader, chosen: argparse.Namespace) -> None:
    topics = await reader.topics()
    known = [name.removesuffix(_SUFFIX) for name in topics if name.endswith(_SUFFIX)]
    waiting = 0
    for group in [chosen.group] if chosen.group else known:
        async with _box(bootstrap, group, reader) as box:
            letters = await box.letters()
        waiting += sum(not letter.done for letter in letters)
        for letter in letters:
            if (chosen.done or not letter.done) and _fits(letter, chosen):
                _print(group, letter, as_json=chosen.json)
    if not chosen.json:
        print(f"{waiting} waiting")


def _print(group: str, letter: DeadLetter, *, as_json: bool) -> None:
    if as_json:
        about = {"group": group, **letter_as_dict(letter, installed_decoders())}
        print(json.dumps(about, ensure_ascii=False))
    else:
        print(f"{group}  {letter_as_line(letter)}")


async def _handle(box: DeadLetterBox, letter: DeadLetter, action: str) -> None:
    if action == "show":
        print(
            json.dumps(letter_as_dict(letter, installed_decoders()), indent=2, ensure_ascii=False)
        )
    elif action == "requeue":
        await box.requeue(letter)
        print(f"{letter.id} is back on {letter.topic}")
    else:
        await box.drop(letter)
        print(f"{letter.id} is dropped")


def _picked(letters: Sequence[DeadLetter], chosen: argparse.Namespace) -> list[DeadLetter]:
    """The letters that were named; only to look at may be one that is done with."""
    waiting = [one for one in letters if chosen.action == "show" or not one.done]
    if chosen.all:
        return [one for one in waiting if _fits(one, chosen)]
    if not chosen.ids:
        raise NoSuchLetter("name letters by their ids, or say --all")
    by_id = {one.id: one for one in waiting}
    if missing := [name for name in chosen.ids if name not in by_id]:
        raise NoSuchLetter(f"in {chosen.group} nothing waits as {', '.join(missing)}")
    return [by_id[name] for name in chosen.ids]


def _fits(letter: DeadLetter, chosen: argparse.Namespace) -> bool:
    return chosen.type in (None, letter.type) and (chosen.reason or "") in letter.reason


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--type", help="only events of this type")
    parser.add_argument("--reason", metavar="TEXT", help="only where the reason has this text")


@asynccontextmanager
async def _box(bootstrap: str, group: str, reader: TopicReader) -> AsyncIterator[DeadLetterBox]:
    publisher = Publisher(bootstrap, "events-dlq")
    try:
        yield DeadLetterBox(group, reader, publisher)
    finally:
        await publisher.close()
