"""Registrations in PostgreSQL."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from service_kit.database import Database, Row

from auth_service.domain.errors import RegistrationBusy
from auth_service.domain.models import Profile, Registration, RegistrationState

_COLUMNS: Final = """
id, username, email, full_name, bio, avatar_url, password_hash, idempotency_key, state, user_id
"""
_BY_KEY: Final = """
SELECT id, username, email, full_name, bio, avatar_url, idempotency_key, state,
       registrations.user_id,
       coalesce(registrations.password_hash, credentials.password_hash) AS password_hash
FROM registrations LEFT JOIN credentials USING (user_id)
WHERE idempotency_key = $1
"""
_BEGIN: Final = """
INSERT INTO registrations
    (id, username, email, full_name, bio, avatar_url, password_hash, idempotency_key, leased_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + $9::interval)
ON CONFLICT ON CONSTRAINT registrations_idempotency_key DO NOTHING
RETURNING id
"""
_RESUME: Final = """
UPDATE registrations SET
    state = CASE state WHEN 'finished' THEN 'finished' ELSE 'pending' END,
    leased_until = clock_timestamp() + $2::interval
WHERE id = $1 AND state <> 'undoing'
RETURNING id
"""
_WITHDRAW: Final = """
UPDATE registrations SET state = 'withdrawn', leased_until = clock_timestamp() + $2::interval
WHERE id = $1 AND state = 'pending'
"""
_CLAIM: Final = f"""
UPDATE registrations SET
    state = CASE state WHEN 'pending' THEN 'pending' ELSE 'undoing' END,
    leased_until = clock_timestamp() + $1::interval
WHERE id = (
    SELECT id FROM registrations
    WHERE state <> 'finished' AND leased_until < clock_timestamp()
    ORDER BY leased_until LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {_COLUMNS}
"""  # noqa: S608


class PostgresRegistrations:
    """The registrations of one database; a `lease` outlasts every request that works on one."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._lease = lease

    async def by_key(self, idempotency_key: str) -> Registration | None:
        row = await self._database.fetch_row("registration_by_key", _BY_KEY, idempotency_key)
        return None if row is None else registration_from_row(row)

    async def begin(self, registration: Registration) -> Registration:
        profile, key = registration.profile, registration.idempotency_key
        row = await self._database.fetch_row(
            "registration_begin",
            _BEGIN,
            registration.id,
            profile.username,
            profile.email,
            profile.full_name,
            profile.bio,
            profile.avatar_url,
            registration.password_hash,
            key,
            self._lease,
        )
        if row is not None or key is None:
            return registration
        earlier = await self.by_key(key)
        if earlier is None:  # it ended between the two statements
            raise RegistrationBusy(retry_after=1.0)
        return earlier

    async def resume(self, registration_id: UUID) -> bool:
        found = await self._database.fetch_row(
            "registration_resume", _RESUME, registration_id, self._lease
        )
        return found is not None

    async def withdraw(self, registration_id: UUID) -> None:
        await self._database.fetch("registration_withdraw", _WITHDRAW, registration_id, self._lease)

    async def end(self, registration_id: UUID) -> None:
        sql = "DELETE FROM registrations WHERE id = $1 AND state <> 'finished'"
        await self._database.fetch("registration_end", sql, registration_id)

    async def claim_overdue(self) -> Registration | None:
        row = await self._database.fetch_row("registration_claim", _CLAIM, self._lease)
        return None if row is None else registration_from_row(row)


def registration_from_row(row: Row) -> Registration:
    """A row of `registrations` as a registration."""
    names = ("username", "email", "full_name", "bio", "avatar_url")
    return Registration(
        id=row["id"],
        profile=Profile(**{name: row[name] for name in names}),
        password_hash=row["password_hash"],
        idempotency_key=row["idempotency_key"],
        state=RegistrationState(row["state"]),
        user_id=row["user_id"],
    )
