"""Writes the Dockerfile of each service from their template; `--check` fails where one differs."""

import sys
from collections.abc import Iterator
from pathlib import Path

from pinstack_local.catalogue import SERVICES
from templates import rendered

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "infra" / "docker" / "Dockerfile.template"


def main() -> int:
    """Write the files, or compare them; returns the exit code."""
    stale = [path for path, text in files() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run `make dockerfiles`")
        return int(bool(stale))
    for path, text in files():
        path.write_text(text)
    return 0


def files() -> Iterator[tuple[Path, str]]:
    """Each Dockerfile with what should stand in it."""
    for spec in SERVICES:
        yield ROOT / spec.name / "Dockerfile", rendered(TEMPLATE.read_text(), spec)


if __name__ == "__main__":
    sys.exit(main())
