"""`pinstack-tail`: sign in, and see one's notifications as they come, until Ctrl-C."""

import argparse
import asyncio
import getpass
import os
import sys
from contextlib import aclosing
from typing import Final

import httpx
from rich.console import Console

from pinstack_tail.account import Account
from pinstack_tail.client import LiveClient
from pinstack_tail.errors import Stopped, Unreachable
from pinstack_tail.frames import Told
from pinstack_tail.screen import Screen, Show, json_line
from pinstack_tail.words import printable

PASSWORD: Final = "PINSTACK_PASSWORD"  # noqa: S105 - the name of a variable
_TIMEOUT_SECONDS: Final = 10.0


def main() -> None:
    """Run the command; ends with 1 where it cannot go on, with 130 after Ctrl-C."""
    arguments = _arguments(sys.argv[1:])
    try:
        asyncio.run(_run(arguments))
    except (Stopped, Unreachable) as error:
        sys.exit(f"pinstack-tail: {printable(error)}")
    except KeyboardInterrupt:
        sys.exit(130)


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("pinstack-tail", description=__doc__)
    parser.add_argument("login", help="username, or e-mail")
    parser.add_argument("--gateway", default="http://127.0.0.1:8080", metavar="URL")
    parser.add_argument("--register", metavar="EMAIL", help="make this a new account first")
    parser.add_argument("--after-seq", type=int, metavar="N", help="go on after this notification")
    parser.add_argument("--count", type=int, metavar="N", help="end after so many notifications")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each event")
    parser.epilog = f"The password is asked for, or taken from {PASSWORD}."
    return parser.parse_args(words)


async def _run(arguments: argparse.Namespace) -> None:
    password = os.environ.get(PASSWORD) or getpass.getpass(f"Password of {arguments.login}: ")
    async with httpx.AsyncClient(base_url=arguments.gateway, timeout=_TIMEOUT_SECONDS) as http:
        if arguments.register:
            account = await Account.register(http, arguments.login, arguments.register, password)
        else:
            account = await Account.log_in(http, arguments.login, password)
        client = LiveClient(arguments.gateway, account, arguments.after_seq)
        if arguments.json:
            await _tail(client, lambda event: print(json_line(event), flush=True), arguments.count)
        else:
            with Screen(arguments.login, Console(highlight=False)) as screen:
                await _tail(client, screen.show, arguments.count)


async def _tail(client: LiveClient, show: Show, count: int | None) -> None:
    async with aclosing(client.events()) as events:
        async for event in events:
            show(event)
            if isinstance(event, Told) and count is not None:
                count -= 1
                if count <= 0:
                    return


if __name__ == "__main__":
    main()
