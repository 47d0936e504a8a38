"""Small files with secrets: created with mode 0600, replaced in one step."""

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write `text` so that it never is readable for anybody else, not for a moment either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def remembered_secrets(path: Path, names: Iterable[str]) -> dict[str, str]:
    """Return a random secret per name; those already on file stay, missing ones are added."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in names if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(32) for name in missing}
        write(path, json.dumps(known, indent=2) + "\n")
    return known
