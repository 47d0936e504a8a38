"""Units of work in memory: one after the other, and nothing of one that fails is left."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from auth_service.application.units import UnitOfWork
from auth_service.domain.events import AuthEvent
from auth_service.domain.models import (
    Client,
    Credential,
    Grant,
    Lives,
    PresentedToken,
    Revocation,
    Role,
    Session,
    SigningKey,
)
from auth_service.domain.models import RegistrationState as State
from auth_service.domain.throttle import Charge
from tests.fakes.storage import StoredSession, StoredToken, Tables, living_keys


class InMemoryUnits:
    """Transactions on tables; `fault` is told when one is about to commit, and when it has."""

    def __init__(self, tables: Tables, fault: Callable[[str], None] = lambda _step: None) -> None:
        self._tables = tables
        self._turn = asyncio.Lock()
        self.fault = fault

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with self._turn:
            before = {
                item.name: copy.deepcopy(getattr(self._tables, item.name))
                for item in fields(Tables)
                if item.name != "clock"
            }
            try:
                yield InMemoryUnit(self._tables)
                self.fault("before commit")
            except BaseException:
                for name, value in before.items():
                    setattr(self._tables, name, value)
                raise
        self.fault("after commit")


class InMemoryUnit:
    """One transaction."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.accounts = InMemoryAccountChanges(tables)
        self.sessions = InMemorySessionChanges(tables)
        self.keys = InMemoryKeyChanges(tables)

    async def charge(self, charges: Iterable[Charge]) -> None:
        now = self._tables.clock()
        for charge in charges:
            begin = max(self._tables.debts.get(charge.key, now), now)
            until = begin + timedelta(seconds=charge.seconds)
            self._tables.debts[charge.key] = min(until, now + timedelta(seconds=charge.most))

    async def forgive(self, key: bytes) -> None:
        self._tables.debts.pop(key, None)

    async def claim(self, event_ids: Collection[UUID]) -> set[UUID]:
        fresh = set(event_ids) - self._tables.seen_events
        self._tables.seen_events |= fresh
        return fresh

    async def record(self, event: AuthEvent) -> None:
        self._tables.events.append(event)


class InMemoryAccountChanges:
    """Changes of credentials."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def complete(self, registration_id: UUID, user_id: int) -> bool:
        found = self._tables.registrations.get(registration_id)
        if found is None:
            return False
        registration, leased_until = found
        if registration.state in (State.PENDING, State.WITHDRAWN):
            credential = Credential(user_id, registration.password_hash or "", 1)
            self._tables.credentials.setdefault(user_id, credential)
            self._tables.roles.setdefault(user_id, (Role.USER,))
            profile = replace(registration.profile, full_name=None, bio=None, avatar_url=None)
            registration = replace(
                registration,
                profile=profile,
                state=State.FINISHED,
                user_id=user_id,
                password_hash=None,
            )
            self._tables.registrations[registration_id] = registration, leased_until
        return registration.user_id == user_id

    async def change_password(self, user_id: int, version: int, password_hash: str) -> bool:
        found = self._tables.credentials.get(user_id)
        if found is None or found.version != version:
            return False
        self._tables.credentials[user_id] = Credential(user_id, password_hash, version + 1)
        return True

    async def rehash(self, user_id: int, version: int, password_hash: str) -> None:
        found = self._tables.credentials.get(user_id)
        if found is not None and found.version == version:
            self._tables.credentials[user_id] = Credential(user_id, password_hash, version)

    async def remove(self, user_ids: Collection[int]) -> None:
        tables = self._tables
        for user_id in user_ids:
            tables.credentials.pop(user_id, None)
        gone = {key for key, row in tables.sessions.items() if row.session.user_id in user_ids}
        tables.sessions = {key: row for key, row in tables.sessions.items() if key not in gone}
        tables.tokens = {
            key: row for key, row in tables.tokens.items() if row.session_id not in gone
        }
        tables.registrations = {
            key: row for key, row in tables.registrations.items() if row[0].user_id not in user_ids
        }

    async def set_role(self, user_id: int, role: Role, *, granted: bool) -> tuple[Role, ...] | None:
        if user_id not in self._tables.credentials:
            return None
        others = tuple(held for held in self._tables.roles[user_id] if held != role)
        self._tables.roles[user_id] = (*others, role) if granted else others
        return self._tables.roles[user_id]


class InMemorySessionChanges:
    """Changes of sessions."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def open(
        self, user_id: int, version: int | None, client: Client, digest: bytes, lives: Lives
    ) -> Grant | None:
        credential = self._tables.credentials.get(user_id)
        if credential is None or version not in (None, credential.version):
            return None
        now, session_id = self._tables.clock(), uuid4()
        session = Session(session_id, user_id, client.device, client.address, now, now)
        expires_at = now + min(lives.refresh_token, lives.session)
        self._tables.sessions[session_id] = StoredSession(session, expires_at)
        self._tables.tokens[digest] = StoredToken(session_id, expires_at)
        return Grant(user_id, session_id, self._tables.roles[user_id], now)

    async def present(self, digest: bytes) -> PresentedToken | None:
        token = self._tables.tokens.get(digest)
        if token is None:
            return None
        stored = self._tables.sessions[token.session_id]
        user_id, now = stored.session.user_id, self._tables.clock()
        grant = Grant(user_id, token.session_id, self._tables.roles[user_id], now)
        return PresentedToken(grant, token.expires_at, token.rotated_at, stored.is_over)

    async def lock_all(self, user_id: int) -> None:
        """Units of work in memory are one after the other."""

    async def rotate(
        self, token: PresentedToken, digest: bytes, successor: bytes, lives: Lives
    ) -> None:
        now, stored = token.grant.issued_at, self._tables.sessions[token.grant.session_id]
        self._tables.tokens[digest].rotated_at = now
        stored.expires_at = min(
            now + lives.refresh_token, stored.session.created_at + lives.session
        )
        await self.touch(token)
        self._tables.tokens[successor] = StoredToken(stored.session.id, stored.expires_at)

    async def touch(self, token: PresentedToken) -> None:
        stored = self._tables.sessions[token.grant.session_id]
        stored.session = replace(stored.session, last_used_at=token.grant.issued_at)

    async def end(self, user_id: int, session_id: UUID) -> bool:
        stored = self._tables.sessions.get(session_id)
        if stored is None or stored.session.user_id != user_id or not self._is_living(stored):
            return False
        stored.is_over = True
        self._revoke(user_id, session_id)
        return True

    async def end_all(self, user_id: int, spare: UUID | None = None) -> None:
        for session_id in list(self._tables.sessions):
            if session_id != spare:
                await self.end(user_id, session_id)

    async def revoke_users(self, user_ids: Sequence[int]) -> None:
        for user_id in user_ids:
            self._revoke(user_id, None)

    def _is_living(self, stored: StoredSession) -> bool:
        return not stored.is_over and stored.expires_at > self._tables.clock()

    def _revoke(self, user_id: int, session_id: UUID | None) -> None:
        number = len(self._tables.revocations) + 1
        now = self._tables.clock()
        self._tables.revocations.append(Revocation(number, user_id, session_id, now))


class InMemoryKeyChanges:
    """Changes of signing keys."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def lock(self) -> list[SigningKey]:
        return living_keys(self._tables)

    async def add(self, key: SigningKey) -> None:
        self._tables.keys[key.kid] = key

    async def retire(self, not_after: datetime) -> None:
        for kid, key in self._tables.keys.items():
            if key.not_after is None:
                self._tables.keys[kid] = replace(key, not_after=not_after)
