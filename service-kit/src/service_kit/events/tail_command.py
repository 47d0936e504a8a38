"""`tail`: decode topics, live."""

import argparse
import json

from service_kit.events.decoding import installed_decoders
from service_kit.events.message import type_of
from service_kit.events.reader import ReadRecord, open_reader
from service_kit.events.rendering import record_as_dict, record_as_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which topics, and how much of them."""
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="default: all that there are")
    parser.add_argument("--from-start", action="store_true", help="what they hold already, first")
    parser.add_argument("--count", type=int, metavar="N", help="end after so many events")
    parser.add_argument("--key", help="only events with this key")
    parser.add_argument("--type", help="only events of this type")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


async def run(bootstrap: str, chosen: argparse.Namespace) -> None:
    """Print events until interrupted. Raises `NoSuchTopic`, `BrokerAway`."""
    decoders = installed_decoders()
    left = chosen.count
    async with open_reader(bootstrap) as reader:
        await reader.require(chosen.topics)
        topics = chosen.topics or await reader.topics()
        async for record in reader.follow(topics, from_start=chosen.from_start):
            if not _is_wanted(record, chosen):
                continue
            if chosen.json:
                print(json.dumps(record_as_dict(record, decoders), ensure_ascii=False), flush=True)
            else:
                print(record_as_line(record, decoders), flush=True)
            left = None if left is None else left - 1
            if left == 0:
                return


def _is_wanted(record: ReadRecord, chosen: argparse.Namespace) -> bool:
    key = (record.key or b"").decode("utf-8", "replace")
    return chosen.key in (None, key) and chosen.type in (None, type_of(record))
