"""The ports in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from tests.builders import NOW
from user_service.domain.errors import EmailTaken, UsernameTaken
from user_service.domain.events import Event
from user_service.domain.models import NewUser, ProfileChange, User, UserPage


class InMemoryUsers:
    """The users of one process; commits what a unit of work did, or nothing of it."""

    def __init__(self, *users: User) -> None:
        self.rows = {user.id: user for user in users}
        self.keys: dict[str, int] = {}
        self.events: list[Event] = []
        self.reads: list[list[int]] = []
        self._last_id = 0

    async def get(self, user_id: int) -> User | None:
        self.reads.append([user_id])
        return self.rows.get(user_id)

    async def get_many(self, user_ids: Sequence[int]) -> list[User]:
        self.reads.append(list(user_ids))
        return [self.rows[user_id] for user_id in user_ids if user_id in self.rows]

    async def by_username(self, username: str) -> User | None:
        wanted = username.lower()
        return next((u for u in self.rows.values() if u.username.lower() == wanted), None)

    async def by_email(self, email: str) -> User | None:
        wanted = email.lower()
        return next((u for u in self.rows.values() if u.email.lower() == wanted), None)

    async def search(self, query: str, *, with_email: bool, offset: int, limit: int) -> UserPage:
        def shown(user: User) -> str:
            texts = (user.username, user.full_name or "", user.email if with_email else "")
            return "\n".join(texts).lower()

        found = [user for user in self._by_id() if query.lower() in shown(user)]
        part = tuple(found[offset : offset + limit])
        return UserPage(part, len(found) > offset + limit, len(found))

    async def after(self, user_id: int, limit: int) -> UserPage:
        rest = [user for user in self._by_id() if user.id > user_id]
        return UserPage(tuple(rest[:limit]), len(rest) > limit, len(self.rows))

    @asynccontextmanager
    async def begin(self, *user_ids: int) -> "AsyncIterator[InMemoryUnit]":
        unit = InMemoryUnit(self, user_ids)
        yield unit
        self.rows, self.keys = unit.rows, unit.keys
        self.events += unit.events

    def next_id(self) -> int:
        """An identity; a rolled-back unit leaves a gap, as PostgreSQL does."""
        self._last_id += 1
        return self._last_id

    def _by_id(self) -> list[User]:
        return sorted(self.rows.values(), key=lambda user: user.id)


class InMemoryUnit:
    """Changes to a copy, which its store takes over on a clean exit."""

    def __init__(self, store: InMemoryUsers, may_change: Sequence[int]) -> None:
        self._store = store
        self._may_change = may_change
        self.rows = dict(store.rows)
        self.keys = dict(store.keys)
        self.events: list[Event] = []

    async def add(self, user: NewUser, idempotency_key: str | None) -> tuple[User, bool]:
        if idempotency_key in self.keys:
            return self.rows[self.keys[idempotency_key]], False
        self._refuse_taken(user.username, user.email, 0)
        number = self._store.next_id()
        texts = (user.username, user.email, user.full_name, user.bio, user.avatar_url)
        made = User(number, *texts, created_at=NOW, updated_at=NOW)
        self.rows[number] = made
        if idempotency_key is not None:
            self.keys[idempotency_key] = number
        return made, True

    async def lock(self, user_id: int) -> User | None:
        return self.rows.get(user_id)

    async def change(self, user_id: int, change: ProfileChange) -> User:
        assert user_id in self._may_change
        self._refuse_taken(change.username, change.email, user_id)
        before = self.rows[user_id]
        later = before.updated_at + timedelta(seconds=1)
        values = {name: value or None for name, value in change.given().items()}
        self.rows[user_id] = replace(before, updated_at=later, **values)  # type: ignore[arg-type] # by name
        return self.rows[user_id]

    async def remove(self, user_id: int) -> User | None:
        assert user_id in self._may_change
        self.keys = {key: kept for key, kept in self.keys.items() if kept != user_id}
        return self.rows.pop(user_id, None)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def _refuse_taken(self, username: str | None, email: str | None, user_id: int) -> None:
        others = [user for user in self.rows.values() if user.id != user_id]
        if username and username.lower() in {user.username.lower() for user in others}:
            raise UsernameTaken
        if email and email.lower() in {user.email.lower() for user in others}:
            raise EmailTaken
