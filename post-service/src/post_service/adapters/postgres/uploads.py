"""Uploads in PostgreSQL: rows, the queue of those that wait to be processed, and what is doomed."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Final

import asyncpg
import orjson
from service_kit.database import Connection, Database, Row, existing
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import unit_of_work

from post_service.adapters.postgres.locks import LOCK_AUTHOR, LOCK_KIND
from post_service.domain.errors import AuthorGone
from post_service.domain.events import Event, MediaProcessed, MediaUploaded
from post_service.domain.media import (
    Arrival,
    Job,
    MediaInUse,
    Outcome,
    QuotaExceeded,
    State,
    Upload,
    Variant,
)

_EXPIRED_AT_ONCE: Final = 200
# Beside the kinds of locks that units of posts have.
_LOCK_QUOTA: Final = "SELECT pg_advisory_xact_lock(2, hashint8($1))"
_COLUMNS: Final = """id, owner_id, stem, content_type, bytes, state, created_at, width, height,
    blurhash, variants, kept_as_sent, failure, duration_ms"""
_IS_GONE: Final = "SELECT true FROM deleted_authors WHERE author_id = $1"
# Of those that are under way what was announced, but for the one that is being taken.
_USED: Final = """
    SELECT coalesce(sum(bytes), 0)::bigint FROM (
        SELECT bytes FROM uploads WHERE owner_id = $1
        UNION ALL SELECT length FROM resumable_uploads
        WHERE owner_id = $1 AND media_id IS NULL AND expires_at > statement_timestamp()
            AND id IS DISTINCT FROM $2::text) AS used"""
# What is shown has no time at which it expires, and gets none by being sent again.
_LATER: Final = """CASE WHEN expires_at IS NOT NULL
        THEN greatest(expires_at, statement_timestamp() + interval '1 day') END"""
_AGAIN: Final = f"""
    UPDATE uploads SET state = 'processing', source = $3, attempts = 0, leased_until = NULL,
        failure = '', expires_at = {_LATER}
    WHERE owner_id = $1 AND digest = $2 AND state = 'failed' RETURNING {_COLUMNS}"""  # noqa: S608
_KEEP: Final = f"""
    UPDATE uploads SET expires_at = {_LATER}
    WHERE owner_id = $1 AND digest = $2 RETURNING {_COLUMNS}, source"""  # noqa: S608
_BECAME: Final = "UPDATE resumable_uploads SET media_id = $2 WHERE id = $1"
_INSERT: Final = f"""
    INSERT INTO uploads (owner_id, digest, source, content_type, bytes)
    VALUES ($1, $2, $3, $4, $5) RETURNING {_COLUMNS}"""  # noqa: S608
_REMOVE: Final = """
    WITH gone AS (DELETE FROM uploads WHERE {which} RETURNING stem, source)
    INSERT INTO doomed_objects (key)
    SELECT 'media/' || stem FROM gone UNION ALL SELECT unnest(source) FROM gone
    ON CONFLICT (key) DO UPDATE SET doomed_at = statement_timestamp()"""
_ONE: Final = _REMOVE.format(which="id = $1")
_OF_OWNER: Final = _REMOVE.format(which="owner_id = $1")
_RESUMABLE: Final = """
    WITH gone AS (DELETE FROM resumable_uploads WHERE owner_id = $1 RETURNING parts)
    INSERT INTO doomed_objects (key) SELECT unnest(parts) FROM gone
    ON CONFLICT (key) DO UPDATE SET doomed_at = statement_timestamp()"""
_EXPIRED: Final = _REMOVE.format(
    which="""id IN (SELECT id FROM uploads AS old WHERE expires_at < statement_timestamp()
        AND NOT is_avatar AND NOT EXISTS (SELECT FROM media WHERE upload_id = old.id)
        LIMIT $1 FOR UPDATE SKIP LOCKED)"""
)
# A post that took an upload while another one lost it.
_SHOWN: Final = """
    UPDATE uploads SET expires_at = NULL WHERE expires_at < statement_timestamp()
        AND (is_avatar OR EXISTS (SELECT FROM media WHERE upload_id = uploads.id))"""
_AVATAR: Final = """
    UPDATE uploads SET is_avatar = (stem = $2), expires_at = CASE
        WHEN stem = $2 OR EXISTS (SELECT FROM media WHERE upload_id = uploads.id) THEN NULL
        ELSE statement_timestamp() END
    WHERE owner_id = $1 AND is_avatar IS DISTINCT FROM (stem = $2)"""
_CLAIM: Final = f"""
    UPDATE uploads SET attempts = attempts + 1, leased_until = statement_timestamp() + $1::interval
    WHERE id = (
        SELECT id FROM uploads WHERE state = 'processing'
            AND (leased_until IS NULL OR leased_until < statement_timestamp())
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING {_COLUMNS}, source, attempts"""  # noqa: S608
_FINISH: Final = """
    UPDATE uploads SET state = 'ready', source = '{}', leased_until = NULL, width = $2,
        height = $3, blurhash = $4, variants = $5, kept_as_sent = $6,
        duration_ms = $7
    WHERE id = $1 AND state = 'processing' RETURNING owner_id"""
_FAIL: Final = """
    UPDATE uploads SET state = 'failed', source = '{}', leased_until = NULL, failure = $2
    WHERE id = $1 AND state = 'processing' RETURNING owner_id"""
_KNOWN: Final = """
    SELECT key FROM (
        SELECT unnest(source) AS key FROM uploads WHERE state = 'processing'
            AND source && $1::text[]
        UNION SELECT unnest(parts) FROM resumable_uploads
            WHERE media_id IS NULL AND expires_at > statement_timestamp()
    ) AS needed WHERE key = ANY($1)"""


class PostgresUploads:
    """The uploads of one database; `to_record` says how an event is put into the outbox."""

    def __init__(
        self,
        database: Database,
        to_record: Callable[[Event], OutboxRecord],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._to_record = to_record
        self._wake = wake

    async def add(self, arrival: Arrival, quota_bytes: int) -> tuple[Upload, bool]:
        owner, digest, source = arrival.owner_id, arrival.digest, list(arrival.source)
        async with unit_of_work(self._database, self._wake) as (connection, emit):
            await lock_living(connection, owner)
            await lock_quota(connection, owner)
            row = await connection.fetchrow(_AGAIN, owner, digest, source)
            known = None if row else await connection.fetchrow(_KEEP, owner, digest)
            if row is None and known is None:
                row = await _new(connection, arrival, quota_bytes)
            upload = upload_from_row(existing(row or known))
            # With the upload: once it is processed its pieces are gone, and can't be read again.
            await connection.execute(_BECAME, arrival.resumable_id, upload.id)
            if row is not None:
                emit(self._to_record(MediaUploaded(upload.id, owner)))
        return upload, known is None or known["source"] == source

    async def used(self, owner_id: int) -> int:
        row = await self._database.fetch_row("media_used", _USED, owner_id, None)
        return int(existing(row)[0])

    async def get(self, upload_id: int) -> Upload | None:
        sql = f"SELECT {_COLUMNS} FROM uploads WHERE id = $1"  # noqa: S608
        row = await self._database.fetch_row("upload_by_id", sql, upload_id)
        return None if row is None else upload_from_row(row)

    async def remove(self, upload_id: int) -> None:
        async with self._database.transaction() as connection:
            sql = "SELECT is_avatar FROM uploads WHERE id = $1 FOR UPDATE"
            if await connection.fetchval(sql, upload_id):
                raise MediaInUse
            try:
                await connection.execute(_ONE, upload_id)
            except asyncpg.ForeignKeyViolationError as error:
                raise MediaInUse from error

    async def remove_all_of(self, owner_id: int) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(_OF_OWNER, owner_id)
            await connection.execute(_RESUMABLE, owner_id)

    async def show_avatar(self, owner_id: int, stem: str | None) -> None:
        await self._database.fetch("avatar", _AVATAR, owner_id, stem or "")

    async def claim(self, lease: timedelta) -> Job | None:
        row = await self._database.fetch_row("claim_upload", _CLAIM, lease)
        if row is None:
            return None
        return Job(upload_from_row(row), tuple(row["source"]), row["attempts"])

    async def finish(self, upload_id: int, outcome: Outcome) -> bool:
        variants = orjson.dumps([asdict(variant) for variant in outcome.variants]).decode()
        found = (
            outcome.width,
            outcome.height,
            outcome.blurhash,
            variants,
            outcome.kept_as_sent,
            outcome.duration_ms,
        )
        return await self._end(State.READY, _FINISH, upload_id, *found)

    async def fail(self, upload_id: int, reason: str) -> bool:
        return await self._end(State.FAILED, _FAIL, upload_id, reason)

    async def _end(self, state: State, sql: str, upload_id: int, *arguments: object) -> bool:
        async with unit_of_work(self._database, self._wake) as (connection, emit):
            owner_id = await connection.fetchval(sql, upload_id, *arguments)
            if owner_id is not None:
                emit(self._to_record(MediaProcessed(upload_id, owner_id, state)))
        return owner_id is not None

    async def release(self, upload_id: int, delay: timedelta) -> None:
        sql = """UPDATE uploads SET leased_until = statement_timestamp() + $2::interval
            WHERE id = $1 AND state = 'processing'"""
        await self._database.fetch("release_upload", sql, upload_id, delay)

    async def give_back(self, upload_id: int, delay: timedelta) -> None:
        sql = """UPDATE uploads SET leased_until = statement_timestamp() + $2::interval,
                attempts = attempts - 1
            WHERE id = $1 AND state = 'processing'"""
        await self._database.fetch("give_upload_back", sql, upload_id, delay)

    async def expire(self) -> int:
        async with self._database.transaction() as connection:
            await connection.execute(_SHOWN)
            status = await connection.execute(_EXPIRED, _EXPIRED_AT_ONCE)
        return int(status.rpartition(" ")[2])

    async def doomed(self) -> list[str]:
        sql = "SELECT key FROM doomed_objects ORDER BY doomed_at LIMIT 1000"
        return [row["key"] for row in await self._database.fetch("doomed", sql)]

    async def forget_doomed(self, keys: Sequence[str], older_than: timedelta) -> None:
        sql = """DELETE FROM doomed_objects
            WHERE key = ANY($1) AND doomed_at < statement_timestamp() - $2::interval"""
        await self._database.fetch("forget_doomed", sql, keys, older_than)

    async def known_sources(self, keys: Sequence[str]) -> set[str]:
        rows = await self._database.fetch("known_sources", _KNOWN, keys)
        return {row[0] for row in rows}


async def _new(connection: Connection, arrival: Arrival, quota_bytes: int) -> Row | None:
    """The row of an upload that the owner has not sent before. Raises `QuotaExceeded`."""
    owner, size = arrival.owner_id, arrival.bytes
    await check_quota(connection, owner, size, quota_bytes, arrival.resumable_id)
    told = (arrival.digest, list(arrival.source), arrival.content_type, size)
    row: Row | None = await connection.fetchrow(_INSERT, owner, *told)
    return row


def upload_from_row(row: Row) -> Upload:
    """A row of an upload."""
    outcome = Outcome(
        width=row["width"],
        height=row["height"],
        blurhash=row["blurhash"],
        variants=tuple(Variant(**variant) for variant in orjson.loads(row["variants"])),
        kept_as_sent=row["kept_as_sent"],
        duration_ms=row["duration_ms"],
    )
    return Upload(
        id=row["id"],
        owner_id=row["owner_id"],
        stem=row["stem"],
        content_type=row["content_type"],
        bytes=row["bytes"],
        state=State(row["state"]),
        created_at=row["created_at"],
        outcome=outcome,
        failure=row["failure"],
    )


async def lock_quota(connection: Connection, owner_id: int) -> None:
    """Let an owner's uploads begin and end one after the other until the transaction ends."""
    await connection.execute(_LOCK_QUOTA, owner_id)


async def check_quota(
    connection: Connection,
    owner_id: int,
    size: int,
    quota_bytes: int,
    without: str | None = None,
) -> None:
    """Within the lock, see to it that so many bytes more may come, `without` an open upload's own.

    Raises `QuotaExceeded`.
    """
    if await connection.fetchval(_USED, owner_id, without) + size > quota_bytes:
        raise QuotaExceeded


async def lock_living(connection: Connection, owner_id: int) -> None:
    """Keep an owner's deletion away until the transaction ends. Raises `AuthorGone`."""
    await connection.execute(LOCK_AUTHOR, LOCK_KIND, owner_id)
    if await connection.fetchval(_IS_GONE, owner_id):
        raise AuthorGone
