"""Sessions, their refresh tokens and their revocations in PostgreSQL.

Locks are taken in one order, so that none deadlocks: credential, session, refresh token, and at the
end the turn to revoke. Who locks several sessions of a user has the credential.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from service_kit.database import Connection, Database, Row, columns, existing

from auth_service.domain.models import Client, Grant, Lives, PresentedToken, Role, Session

REVOKED_CHANNEL: Final = "revocations"
_TURN: Final = 0x7265766F  # "revo": ids of revocations are given and committed in one order
_MOST_LISTED: Final = 200

# The moment is taken in a lateral row of its own, after the wait for the lock on the credential.
_OPEN: Final = """
WITH holder AS (
    SELECT user_id, roles FROM credentials
    WHERE user_id = $2 AND ($3::integer IS NULL OR version = $3) FOR SHARE
), opened AS (
    INSERT INTO sessions
        (id, user_id, device, client_address, created_at, last_used_at, expires_at)
    SELECT $1, user_id, $4, $5, at, at, at + least($7::interval, $8::interval)
    FROM holder CROSS JOIN LATERAL (SELECT clock_timestamp() AS at OFFSET 0) AS moment
    RETURNING id, created_at, expires_at
), first AS (
    INSERT INTO refresh_tokens (digest, session_id, expires_at)
    SELECT $6, id, expires_at FROM opened
)
SELECT opened.created_at, holder.roles FROM opened CROSS JOIN holder
"""
_LOCK: Final = """
SELECT FROM sessions WHERE id = (SELECT session_id FROM refresh_tokens WHERE digest = $1)
FOR UPDATE
"""
_LOCK_ALL: Final = """
SELECT FROM sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
ORDER BY id FOR UPDATE
"""
_PRESENT: Final = """
SELECT sessions.user_id, sessions.id, roles, clock_timestamp() AS now,
       refresh_tokens.expires_at, rotated_at, revoked_at
FROM refresh_tokens
JOIN sessions ON sessions.id = session_id
JOIN credentials ON credentials.user_id = sessions.user_id
WHERE digest = $1
"""
_ROTATE: Final = """
WITH spent AS (
    UPDATE refresh_tokens SET rotated_at = $3 WHERE digest = $1
), used AS (
    UPDATE sessions SET last_used_at = $3,
        expires_at = least($3 + $5::interval, created_at + $6::interval)
    WHERE id = $4
    RETURNING id, expires_at
)
INSERT INTO refresh_tokens (digest, session_id, expires_at) SELECT $2, id, expires_at FROM used
"""
_TOUCH: Final = "UPDATE sessions SET last_used_at = $2 WHERE id = $1"
_END: Final = """
UPDATE sessions SET revoked_at = clock_timestamp()
WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2) AND id IS DISTINCT FROM $3
  AND revoked_at IS NULL AND expires_at > clock_timestamp()
RETURNING user_id, id
"""
_REVOKE: Final = """
INSERT INTO revocations (user_id, session_id, revoked_at)
SELECT user_id, session_id, clock_timestamp()
FROM unnest($1::bigint[], $2::uuid[]) AS revoked (user_id, session_id)
"""
_LIVING: Final = """
SELECT id, user_id, device, client_address, created_at, last_used_at FROM sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
ORDER BY last_used_at DESC LIMIT $2
"""


class PostgresSessions:
    """The sessions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def living(self, user_id: int) -> list[Session]:
        rows = await self._database.fetch("sessions_living", _LIVING, user_id, _MOST_LISTED)
        return [Session(**row) for row in rows]


class PostgresSessionChanges:
    """Changes of sessions in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(
        self, user_id: int, version: int | None, client: Client, digest: bytes, lives: Lives
    ) -> Grant | None:
        session_id = uuid4()
        row = await self._connection.fetchrow(
            _OPEN,
            session_id,
            user_id,
            version,
            client.device,
            client.address,
            digest,
            lives.refresh_token,
            lives.session,
        )
        if row is None:
            return None
        return Grant(user_id, session_id, tuple(map(Role, row["roles"])), row["created_at"])

    async def present(self, digest: bytes) -> PresentedToken | None:
        # Two statements: the second sees what was committed while the first waited for its lock.
        if await self._connection.fetchrow(_LOCK, digest) is None:
            return None
        return presented_from_row(existing(await self._connection.fetchrow(_PRESENT, digest)))

    async def lock_all(self, user_id: int) -> None:
        sql = "SELECT FROM credentials WHERE user_id = $1 FOR NO KEY UPDATE"
        await self._connection.execute(sql, user_id)
        await self._connection.execute(_LOCK_ALL, user_id)

    async def rotate(
        self, token: PresentedToken, digest: bytes, successor: bytes, lives: Lives
    ) -> None:
        grant = token.grant
        await self._connection.execute(
            _ROTATE,
            digest,
            successor,
            grant.issued_at,
            grant.session_id,
            lives.refresh_token,
            lives.session,
        )

    async def touch(self, token: PresentedToken) -> None:
        await self._connection.execute(_TOUCH, token.grant.session_id, token.grant.issued_at)

    async def end(self, user_id: int, session_id: UUID) -> bool:
        return await self._end(user_id, session_id, None) > 0

    async def end_all(self, user_id: int, spare: UUID | None = None) -> None:
        await self.lock_all(user_id)
        await self._end(user_id, None, spare)

    async def revoke_users(self, user_ids: Sequence[int]) -> None:
        await self._revoke([(user_id, None) for user_id in user_ids])

    async def _end(self, user_id: int, session_id: UUID | None, spare: UUID | None) -> int:
        ended = await self._connection.fetch(_END, user_id, session_id, spare)
        await self._revoke([(row["user_id"], row["id"]) for row in ended])
        return len(ended)

    async def _revoke(self, revoked: Sequence[tuple[int, UUID | None]]) -> None:
        if revoked:
            await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _TURN)
            await self._connection.execute(_REVOKE, *columns(revoked, 2))
            await self._connection.execute(f"NOTIFY {REVOKED_CHANNEL}")


def presented_from_row(row: Row) -> PresentedToken:
    """A refresh token with its session and the roles of its user."""
    grant = Grant(row["user_id"], row["id"], tuple(map(Role, row["roles"])), row["now"])
    return PresentedToken(
        grant, row["expires_at"], row["rotated_at"], is_session_over=row["revoked_at"] is not None
    )
