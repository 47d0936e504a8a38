"""Users out of Redis, where they are, in front of the users of a database."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import orjson
from service_kit.cache import Cache

from user_service.application.ports import Users
from user_service.domain.events import Event
from user_service.domain.models import User, UserPage

_SHAPE: Final = 1
"""Counted up when what is kept of a user changes, so that no version reads another one's values."""


class RedisUsers:
    """Single users and batches by id, cached; look-ups and lists are those of the database."""

    def __init__(self, users: Users, cache: Cache) -> None:
        self._users = users
        self._cache = cache

    async def get(self, user_id: int) -> User | None:
        found = await self.get_many([user_id])
        return found[0] if found else None

    async def get_many(self, user_ids: Sequence[int]) -> list[User]:
        values = await self._cache.get_many_or_load(map(_key, user_ids), self._load)
        return [user_from_bytes(value) for value in values.values()]

    async def by_username(self, username: str) -> User | None:
        return await self._users.by_username(username)

    async def by_email(self, email: str) -> User | None:
        return await self._users.by_email(email)

    async def search(self, query: str, *, with_email: bool, offset: int, limit: int) -> UserPage:
        return await self._users.search(query, with_email=with_email, offset=offset, limit=limit)

    async def after(self, user_id: int, limit: int) -> UserPage:
        return await self._users.after(user_id, limit)

    @asynccontextmanager
    async def changing(
        self, user_ids: Sequence[int], events: Sequence[Event]
    ) -> AsyncIterator[None]:
        """Keep none of the users while a transaction may change them.

        Enter it before the transaction begins and leave it after its end; then those are forgotten,
        too, that the `events` are about, which may come in meanwhile.
        """
        async with self._cache.suspended(*map(_key, user_ids)) as changed:
            try:
                yield
            finally:
                changed.update(_key(event.user.id) for event in events)

    async def _load(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        users = await self._users.get_many([int(key.partition(":")[2]) for key in keys])
        return {_key(user.id): user_to_bytes(user) for user in users}


def user_to_bytes(user: User) -> bytes:
    """A user as JSON."""
    return orjson.dumps(user)


def user_from_bytes(value: bytes) -> User:
    """The inverse of `user_to_bytes`."""
    kept: dict[str, Any] = orjson.loads(value)
    moments = ("created_at", "updated_at")
    return User(**kept | {name: datetime.fromisoformat(kept[name]) for name in moments})


def _key(user_id: int) -> str:
    return f"{_SHAPE}:{user_id}"
