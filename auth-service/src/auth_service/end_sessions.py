"""End every session of an account, as an operator does who suspects that it is in wrong hands."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from service_kit import logs
from service_kit.config import load
from service_kit.database import open_database
from service_kit.errors import AppError

from auth_service.adapters.postgres.units import PostgresUnits
from auth_service.application.use_cases import Accounts
from auth_service.config import Settings
from auth_service.grant_role import user_id_of
from auth_service.main import NAME


async def ended(settings: Settings, user_id: int) -> None:
    """End them; access tokens are void within a second."""
    url = settings.database_url.get_secret_value()
    async with open_database(url, settings.postgres, NAME) as database:
        await Accounts(PostgresUnits(database)).end_sessions(user_id)


def main(arguments: Sequence[str] | None = None) -> int:
    """`(--user-id N | --login NAME)`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m auth_service.end_sessions", description=__doc__
    )
    account = parser.add_mutually_exclusive_group(required=True)
    account.add_argument("--user-id", type=int, metavar="N")
    account.add_argument("--login", metavar="NAME", help="username or e-mail")
    chosen = parser.parse_args(arguments)
    settings = load(Settings)
    logs.configure(NAME, "WARNING")
    try:
        asyncio.run(_perform(settings, chosen))
    except AppError as error:
        print(f"end_sessions: {error.message}", file=sys.stderr)
        return 1
    print("every session of the account has ended; its password is what it was")
    return 0


async def _perform(settings: Settings, chosen: argparse.Namespace) -> None:
    user_id = chosen.user_id
    if user_id is None:
        user_id = await user_id_of(settings, chosen.login)
    await ended(settings, user_id)


if __name__ == "__main__":
    sys.exit(main())
