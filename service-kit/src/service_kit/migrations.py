"""Alembic run from Python: plain-SQL migrations, up and down, by one replica at a time."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from alembic import command, context, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import DBAPIError, OperationalError

# These texts are frozen: databases were made with them. A later change is a V2 of its own.
OUTBOX_V1_UP: Final = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    topic text NOT NULL,
    key text NOT NULL,
    type text NOT NULL,
    payload bytea NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    last_error text
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
"""
OUTBOX_V1_DOWN: Final = "DROP TABLE outbox;"
INBOX_V1_UP: Final = """
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_received ON inbox (received_at);
"""
INBOX_V1_DOWN: Final = "DROP TABLE inbox;"
CHANGES_V1_UP: Final = """
CREATE TABLE changes (
    key bigint NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX changes_xid ON changes (xid);
"""
CHANGES_V1_DOWN: Final = "DROP TABLE changes;"

_LOCK: Final = 0x70696E6D  # "pinm": the advisory lock of whoever migrates a database
_TURN_SECONDS: Final = 300.0  # another replica may be in the middle of a long migration
_TURN_PAUSE_SECONDS: Final = 0.2
_LOCK_TIMEOUT: Final = "1s"
"""Who waits for a table keeps all others waiting behind him: less than a call's deadline of 2 s."""
_ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 2.0
"""Between attempts those who were kept waiting get their turn."""


class MigrationFailed(Exception):
    """A migration could not be run; the message says which database state it left and why."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database is, which revision is the newest, what lies between (oldest first)."""

    current: str | None
    head: str | None
    pending: tuple[str, ...]


def upgrade(
    url: str,
    folder: Path,
    revision: str = "head",
    *,
    attempts: int = _ATTEMPTS,
    turn_seconds: float = _TURN_SECONDS,
) -> tuple[str, ...]:
    """Migrate the database at `url` (postgresql://…) up to `revision`; returns the steps taken.

    Each migration is a transaction of its own; one that can't get its table at once tries again,
    `attempts` times in all. Who migrates at the same time is waited for, for `turn_seconds`.
    Raises `MigrationFailed`.
    """
    with _session(url, folder, turn_seconds) as config:
        _patiently(lambda: command.upgrade(config, revision), config, attempts)
    return tuple(config.attributes["steps"])


def downgrade(
    url: str, folder: Path, revision: str = "-1", *, attempts: int = _ATTEMPTS
) -> tuple[str, ...]:
    """Take migrations back: the last one, or all after `revision` ("base": all); returns the steps.

    Raises `MigrationFailed`.
    """
    with _session(url, folder) as config:
        if _current(config.attributes["connection"]) is not None:
            _patiently(lambda: command.downgrade(config, revision), config, attempts)
    return tuple(config.attributes["steps"])


def build_index(name: str, definition: str) -> None:
    """Build an index while its table is in use: `build_index("posts_x", "ON posts (x)")`.

    Outside any transaction, so it stands in a migration of its own. It may be run again after a
    failure, which leaves an index that nobody uses; that is dropped first. It waits for old
    transactions as long as it takes: meanwhile everybody reads and writes.
    """
    _unhurried(
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"CREATE INDEX CONCURRENTLY {name} {definition}",
    )


def drop_index(name: str) -> None:
    """Drop an index while its table is in use, in the same way as `build_index` builds one."""
    _unhurried(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _unhurried(*statements: str) -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        for statement in statements:
            op.execute(statement)
        op.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")


def _patiently(step: Callable[[], None], config: Config, attempts: int) -> None:
    """Try again where somebody holds a table: what was done before stays done."""
    for attempt in range(1, attempts + 1):
        try:
            return step()
        except OperationalError as error:
            if attempt == attempts or not isinstance(error.orig, LockNotAvailable):
                raise
        config.attributes["connection"].rollback()
        time.sleep(_PAUSE_SECONDS)
    return None


def status(url: str, folder: Path) -> Status:
    """Where the database at `url` stands; changes nothing. Raises `MigrationFailed`."""
    with _session(url, folder) as config:
        current = _current(config.attributes["connection"])
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    between = scripts.iterate_revisions("head", current or "base")
    return Status(current, head, tuple(reversed([step.revision for step in between])))


def run_migrations() -> None:
    """The whole of a service's `migrations/env.py`, which Alembic runs in `upgrade` and others."""
    attributes = context.config.attributes
    if "connection" not in attributes:
        raise CommandError("run migrations with `python -m service_kit.migrations`")

    def note(ctx: MigrationContext, step: MigrationInfo, heads: Any, run_args: Any) -> None:  # noqa: ARG001 - Alembic names them
        attributes["steps"].append(f"{'up' if step.is_upgrade else 'down'} {step.up_revision_id}")

    context.configure(
        connection=attributes["connection"], transaction_per_migration=True, on_version_apply=note
    )
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def _session(url: str, folder: Path, turn_seconds: float = _TURN_SECONDS) -> Iterator[Config]:
    """A configuration whose connection holds the migration lock while the block runs."""
    config = Config(attributes={"steps": []})
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    address = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            _take_turn(connection, turn_seconds)
            config.attributes["connection"] = connection
            yield config
    except (DBAPIError, CommandError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
        done = ", ".join(config.attributes["steps"]) or "nothing"
        raise MigrationFailed(f"{address.database}: {reason} (done before it: {done})") from error


def _take_turn(connection: sqlalchemy.Connection, seconds: float) -> None:
    """Ask again and again: who waited in a statement would hold a snapshot, which an index that the
    other one builds waits for in turn.
    """
    connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
    deadline = time.monotonic() + seconds
    while not _has_turn(connection):
        if time.monotonic() > deadline:
            raise CommandError(f"somebody else has been migrating it for {seconds:g} s")
        time.sleep(_TURN_PAUSE_SECONDS)


def _has_turn(connection: sqlalchemy.Connection) -> bool:
    has_turn = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_LOCK})").scalar_one()
    connection.commit()  # lock and settings outlive it; migrations open transactions of their own
    return bool(has_turn)


def _current(connection: sqlalchemy.Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    return revision


def main(arguments: Sequence[str] | None = None) -> int:
    """`up|down|status --folder F --database-url-variable V [--revision R]`: the exit code."""
    parser = argparse.ArgumentParser(prog="python -m service_kit.migrations", description=__doc__)
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--database-url-variable", required=True, metavar="NAME")
    parser.add_argument("--revision", help="default: head for up, one step for down")
    chosen = parser.parse_args(arguments)
    url = os.environ.get(chosen.database_url_variable)
    if not url:
        print(f"migrations: {chosen.database_url_variable} is not set", file=sys.stderr)
        return 2
    try:
        print("\n".join(_perform(chosen.action, url, chosen.folder, chosen.revision)))
    except MigrationFailed as failure:
        print(f"migrations: {failure}", file=sys.stderr)
        return 1
    return 0


def _perform(action: str, url: str, folder: Path, revision: str | None) -> Sequence[str]:
    if action == "status":
        found = status(url, folder)
        pending = ", ".join(found.pending) or "nothing"
        return [f"at {found.current or 'base'}, head {found.head or 'base'}, pending: {pending}"]
    if action == "up":
        return upgrade(url, folder, revision or "head") or ["nothing to do"]
    return downgrade(url, folder, revision or "-1") or ["nothing to take back"]


if __name__ == "__main__":
    sys.exit(main())
