"""Where the servers of a stack are that runs on a data folder, found by another process."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import psutil
from pinstack_local import environment, private_files
from pinstack_local.catalogue import SERVICES
from pinstack_local.pidfiles import PidFiles

_PORT_LINE = 3  # of postmaster.pid
_LISTENER = re.compile(r"^listeners=PLAINTEXT://([^,\s]+)", re.MULTILINE)

_REDIS_TITLE = re.compile(r"redis-server (\S+:\d+)")


def addresses(data_dir: Path) -> dict[str, str]:
    """Return KAFKA_BOOTSTRAP_SERVERS, USER_DATABASE_URL and so on; nothing if none runs.

    Of a stack with services also where they are, and what it takes to speak to them.
    """
    return _broker(data_dir) | databases(data_dir) | _services(data_dir)


def remember(data_dir: Path, variables: Mapping[str, str]) -> None:
    """Keep, until the stack ends, what `addresses` can't find out by itself."""
    private_files.write(_services_file(data_dir), json.dumps(variables, indent=2) + "\n")


def forget(data_dir: Path) -> None:
    """Forget what was remembered."""
    _services_file(data_dir).unlink(missing_ok=True)


def _services(data_dir: Path) -> dict[str, str]:
    if not PidFiles(data_dir / "run").is_running("postgres"):
        return {}
    path = _services_file(data_dir)
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _services_file(data_dir: Path) -> Path:
    return data_dir / "run" / "services.json"


def redis_url(data_dir: Path) -> str | None:
    """Return where Redis is, by the address in its process title; None if none runs."""
    pid = PidFiles(data_dir / "run").pid("redis")
    title = " ".join(psutil.Process(pid).cmdline()) if pid is not None else ""
    found = _REDIS_TITLE.search(title)
    return f"redis://{found[1]}" if found else None


def _broker(data_dir: Path) -> dict[str, str]:
    pid_files = PidFiles(data_dir / "run")
    if pid_files.is_running("broker"):
        return {"KAFKA_BOOTSTRAP_SERVERS": (data_dir / "broker" / "address").read_text()}
    if pid_files.is_running("kafka"):
        nodes = sorted((data_dir / "kafka").glob("node-*.properties"))
        listeners = [_LISTENER.search(node.read_text()) for node in nodes]
        return {"KAFKA_BOOTSTRAP_SERVERS": ",".join(found[1] for found in listeners if found)}
    return {}


def databases(data_dir: Path) -> dict[str, str]:
    """Return USER_DATABASE_URL and so on of the server that runs; nothing if none does."""
    secrets_file = data_dir / "secrets.json"
    if not PidFiles(data_dir / "run").is_running("postgres") or not secrets_file.exists():
        return {}
    lines = (data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()
    secrets = private_files.remembered_secrets(secrets_file, [])
    return {
        spec.database_variable: environment.database_url(
            spec.database, secrets[spec.database], int(lines[_PORT_LINE])
        )
        for spec in SERVICES
        if spec.database in secrets
    }
