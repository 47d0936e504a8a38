"""The tables in memory, and what only reads them or takes effect by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from auth_service.domain.events import AuthEvent
from auth_service.domain.models import (
    Credential,
    Registration,
    Revocation,
    Role,
    Session,
    SigningKey,
)
from auth_service.domain.models import RegistrationState as State


@dataclass
class StoredSession:
    """A session with what its user does not see."""

    session: Session
    expires_at: datetime
    is_over: bool = False


@dataclass
class StoredToken:
    """A refresh token."""

    session_id: UUID
    expires_at: datetime
    rotated_at: datetime | None = None


@dataclass
class Tables:
    """Everything that is stored; `clock` is the database's."""

    clock: Callable[[], datetime]
    credentials: dict[int, Credential] = field(default_factory=dict)
    roles: dict[int, tuple[Role, ...]] = field(default_factory=dict)
    registrations: dict[UUID, tuple[Registration, datetime]] = field(default_factory=dict)
    sessions: dict[UUID, StoredSession] = field(default_factory=dict)
    tokens: dict[bytes, StoredToken] = field(default_factory=dict)
    revocations: list[Revocation] = field(default_factory=list)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    debts: dict[bytes, datetime] = field(default_factory=dict)
    seen_events: set[UUID] = field(default_factory=set)
    events: list[AuthEvent] = field(default_factory=list)

    def kinds(self) -> list[str]:
        """The kinds of the audit events, in order."""
        return [event.kind.value for event in self.events]


class InMemoryCredentials:
    """The credentials in the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, user_id: int) -> Credential | None:
        return self._tables.credentials.get(user_id)


class InMemorySessions:
    """The sessions in the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def living(self, user_id: int) -> list[Session]:
        now = self._tables.clock()
        living = [
            stored.session
            for stored in self._tables.sessions.values()
            if stored.session.user_id == user_id and not stored.is_over and stored.expires_at > now
        ]
        return sorted(living, key=lambda session: session.last_used_at, reverse=True)[:200]


class InMemoryGuesses:
    """The debts in the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def debts(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        now = self._tables.clock()
        found = {key: self._tables.debts[key] for key in keys if key in self._tables.debts}
        return {key: (at - now).total_seconds() for key, at in found.items() if at > now}


class InMemoryRevocations:
    """The revocations in the tables; whoever waits is let go at once."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.turns: list[Callable[[], None]] = []
        """What happens while somebody waits, one after the other; then the feed is closed."""

    async def after(self, revocation_id: int, younger_than: timedelta) -> list[Revocation]:
        oldest = self._tables.clock() - younger_than
        found = [
            revocation
            for revocation in self._tables.revocations
            if revocation.id > revocation_id and revocation.revoked_at > oldest
        ]
        return found[:1000]

    async def newest_id(self) -> int:
        return max((revocation.id for revocation in self._tables.revocations), default=0)

    async def wait(self, seen: int) -> int | None:
        if not self.turns:
            return None
        self.turns.pop(0)()
        return seen + 1


class InMemorySigningKeys:
    """The keys in the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def all(self) -> list[SigningKey]:
        return living_keys(self._tables)


def living_keys(tables: Tables) -> list[SigningKey]:
    """The keys whose end has not come, by `active_from`."""
    now = tables.clock()
    living = (key for key in tables.keys.values() if key.not_after is None or key.not_after > now)
    return sorted(living, key=lambda key: (key.active_from, key.kid))


class InMemoryRegistrations:
    """The registrations in the tables; `fault` is told each step and may raise."""

    def __init__(
        self,
        tables: Tables,
        lease: timedelta,
        fault: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._tables = tables
        self._lease = lease
        self.fault = fault

    async def by_key(self, idempotency_key: str) -> Registration | None:
        for registration, _ in self._tables.registrations.values():
            if registration.idempotency_key == idempotency_key:
                return self._with_hash(registration)
        return None

    async def begin(self, registration: Registration) -> Registration:
        key = registration.idempotency_key
        if key is not None and (earlier := await self.by_key(key)) is not None:
            return earlier
        self._put(registration)
        self.fault("after begin")
        return registration

    async def resume(self, registration_id: UUID) -> bool:
        found = self._tables.registrations.get(registration_id)
        if found is None or found[0].state is State.UNDOING:
            return False
        is_finished = found[0].state is State.FINISHED
        self._put(found[0] if is_finished else replace(found[0], state=State.PENDING))
        return True

    async def withdraw(self, registration_id: UUID) -> None:
        found = self._tables.registrations.get(registration_id)
        if found is not None and found[0].state is State.PENDING:
            self._put(replace(found[0], state=State.WITHDRAWN))
        self.fault("after withdraw")

    async def end(self, registration_id: UUID) -> None:
        found = self._tables.registrations.get(registration_id)
        if found is not None and found[0].state is not State.FINISHED:
            del self._tables.registrations[registration_id]
        self.fault("after end")

    async def claim_overdue(self) -> Registration | None:
        overdue = [
            (leased_until, registration)
            for registration, leased_until in self._tables.registrations.values()
            if registration.state is not State.FINISHED and leased_until < self._tables.clock()
        ]
        if not overdue:
            return None
        _, found = min(overdue, key=lambda item: item[0])
        state = State.PENDING if found.state is State.PENDING else State.UNDOING
        claimed = replace(found, state=state)
        self._put(claimed)
        return claimed

    def _put(self, registration: Registration) -> None:
        leased_until = self._tables.clock() + self._lease
        self._tables.registrations[registration.id] = (registration, leased_until)

    def _with_hash(self, registration: Registration) -> Registration:
        if registration.user_id is None:
            return registration
        credential = self._tables.credentials.get(registration.user_id)
        return replace(
            registration, password_hash=None if credential is None else credential.password_hash
        )
