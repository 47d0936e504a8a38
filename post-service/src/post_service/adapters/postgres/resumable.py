"""Resumable uploads in PostgreSQL."""

from typing import Final

from service_kit.database import Database, Row

from post_service.adapters.postgres.uploads import check_quota, lock_living, lock_quota
from post_service.domain.media import OffsetConflict, ResumableUpload, UploadNotFound

_APPEND: Final = """
    UPDATE resumable_uploads SET offset_bytes = offset_bytes + $3, parts = parts || $4::text
    WHERE id = $1 AND offset_bytes = $2 AND media_id IS NULL RETURNING *"""
_FORGET: Final = """
    WITH gone AS (DELETE FROM resumable_uploads WHERE {which} RETURNING parts)
    INSERT INTO doomed_objects (key) SELECT unnest(parts) FROM gone
    ON CONFLICT (key) DO UPDATE SET doomed_at = statement_timestamp()"""
_ONE: Final = _FORGET.format(which="id = $1 AND media_id IS NULL")
# The parts of one that has become media belong to that.
_EXPIRED: Final = _FORGET.format(which="expires_at < statement_timestamp() AND media_id IS NULL")
_DONE: Final = "DELETE FROM resumable_uploads WHERE expires_at < statement_timestamp()"


class PostgresResumables:
    """The resumable uploads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, upload: ResumableUpload, quota_bytes: int) -> None:
        sql = """INSERT INTO resumable_uploads (id, owner_id, length, expires_at)
            VALUES ($1, $2, $3, $4)"""
        async with self._database.transaction() as connection:
            await lock_living(connection, upload.owner_id)
            await lock_quota(connection, upload.owner_id)
            await check_quota(connection, upload.owner_id, upload.length, quota_bytes)
            arguments = (upload.id, upload.owner_id, upload.length, upload.expires_at)
            await connection.execute(sql, *arguments)

    async def get(self, upload_id: str) -> ResumableUpload | None:
        if "\0" in upload_id:  # PostgreSQL takes no text with one, and no id has one
            return None
        sql = """SELECT * FROM resumable_uploads
            WHERE id = $1 AND expires_at > statement_timestamp()"""
        row = await self._database.fetch_row("resumable_by_id", sql, upload_id)
        return None if row is None else resumable_from_row(row)

    async def append(self, upload: ResumableUpload, part: str, size: int) -> ResumableUpload:
        arguments = (upload.id, upload.offset, size, part)
        row = await self._database.fetch_row("append_part", _APPEND, *arguments)
        if row is not None:
            return resumable_from_row(row)
        raise UploadNotFound if await self.get(upload.id) is None else OffsetConflict

    async def forget(self, upload_id: str) -> None:
        await self._database.fetch("forget_upload", _ONE, upload_id)

    async def expire(self) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(_EXPIRED)
            await connection.execute(_DONE)


def resumable_from_row(row: Row) -> ResumableUpload:
    """A row of a resumable upload."""
    return ResumableUpload(
        id=row["id"],
        owner_id=row["owner_id"],
        length=row["length"],
        offset=row["offset_bytes"],
        parts=tuple(row["parts"]),
        expires_at=row["expires_at"],
        media_id=row["media_id"],
    )
