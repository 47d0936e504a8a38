"""Accounts and profiles over fakes, and a client that speaks to their routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.auth import AuthRoutes
from api_gateway.adapters.http.routes.profiles import ProfileRoutes
from api_gateway.adapters.http.routes.users import UserRoutes
from api_gateway.application.avatars import Avatars
from api_gateway.domain.cursor import Cursors
from tests.fakes.accounts import InMemoryAccounts
from tests.fakes.media import InMemoryMedia
from tests.fakes.users import InMemoryUsers, a_user
from tests.unit.http.client import EdgeOfTest, served

ADA = a_user(1, "Ada", full_name="Ada Lovelace", bio="Notes")
BOB = a_user(2, "bob", avatar_url="https://cdn.example.org/b.png")
NEW = {"username": "cyd", "email": "cyd@example.org", "password": "a good password"}


@dataclass
class World:
    """Ada (1) and Bob (2), whose password is `old password`."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    users: InMemoryUsers
    media: InMemoryMedia
    accounts: InMemoryAccounts = field(init=False)

    async def ask(
        self, method: str, path: str, user: int | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request, with the token of `user` where one is named."""
        headers = dict(options.pop("headers", {}))
        if user is not None:
            headers |= self.edge.tokens.fields(user)
        return await self.client.request(method, path, headers=headers, **options)


@asynccontextmanager
async def accounts_world(
    *, public_reads: bool = False, compat: bool = False, hot: HotReads | None = None
) -> AsyncIterator[World]:
    """The world while the block runs."""
    edge = EdgeOfTest(reads_are_open=public_reads or compat, hot=hot)
    users = InMemoryUsers(ADA, BOB)
    accounts = InMemoryAccounts(users)
    accounts.passwords = {1: "old password", 2: "old password"}
    media = InMemoryMedia()
    cursors = Cursors(b"a secret of the tests")
    routes = [
        *routes_of(UserRoutes(users, accounts, cursors, emails_are_open=compat), tag="users"),
        *routes_of(ProfileRoutes(users, Avatars(media), emails_are_open=compat), tag="users"),
        *routes_of(AuthRoutes(accounts, users), tag="auth"),
    ]
    async with served(routes, edge) as client:
        world = World(client, edge, users, media)
        world.accounts = accounts
        yield world
