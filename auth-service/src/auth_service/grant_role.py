"""Give an account a role, or take it away."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit import logs
from service_kit.config import load
from service_kit.database import open_database
from service_kit.errors import AppError
from service_kit.grpc_client import open_channel

from auth_service.adapters.postgres.units import PostgresUnits
from auth_service.adapters.user_client import GrpcUsers
from auth_service.application.use_cases import Accounts
from auth_service.config import Settings
from auth_service.domain.errors import AccountNotFound
from auth_service.domain.models import Role
from auth_service.main import NAME, USERS


async def granted(settings: Settings, user_id: int, role: Role, *, take_away: bool) -> list[str]:
    """The roles of the account afterwards. Raises `AccountNotFound`."""
    url = settings.database_url.get_secret_value()
    async with open_database(url, settings.postgres, NAME) as database:
        accounts = Accounts(PostgresUnits(database))
        return sorted(await accounts.set_role(user_id, role, granted=not take_away))


async def user_id_of(settings: Settings, login: str) -> int:
    """The id of the user with a username or e-mail. Raises `AccountNotFound`, `Unavailable`."""
    address = settings.peers.user_grpc_address
    async with open_channel(address, USERS, settings.grpc) as channel:
        user_id = await GrpcUsers(UserServiceStub(channel)).find(login)
    if user_id is None:
        raise AccountNotFound
    return user_id


def main(arguments: Sequence[str] | None = None) -> int:
    """`(--user-id N | --login NAME) [--take-away] staff|admin`; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    settings = load(Settings)
    logs.configure(NAME, "WARNING")
    try:
        roles = asyncio.run(_perform(settings, chosen))
    except AppError as error:
        print(f"grant_role: {error.message}", file=sys.stderr)
        return 1
    print(f"roles: {', '.join(roles)}; tokens have them from the next refresh on")
    return 0


async def _perform(settings: Settings, chosen: argparse.Namespace) -> list[str]:
    user_id = chosen.user_id
    if user_id is None:
        user_id = await user_id_of(settings, chosen.login)
    return await granted(settings, user_id, Role(chosen.role), take_away=chosen.take_away)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m auth_service.grant_role", description=__doc__)
    account = parser.add_mutually_exclusive_group(required=True)
    account.add_argument("--user-id", type=int, metavar="N")
    account.add_argument("--login", metavar="NAME", help="username or e-mail")
    parser.add_argument("--take-away", action="store_true", help="instead of giving it")
    parser.add_argument("role", choices=(Role.STAFF.value, Role.ADMIN.value))
    return parser


if __name__ == "__main__":
    sys.exit(main())
