"""Log files of child processes: one generation is kept, and the end can be read."""

import os
from pathlib import Path

TAIL_BYTES = 64 * 1024


def rotate(path: Path) -> None:
    """Move the log of the previous run aside, to `<name>.1`, replacing an older one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.replace(path.with_name(path.name + ".1"))


def tail(path: Path, lines: int = 20) -> list[str]:
    """Return the last `lines` lines (of the last 64 KiB at most); none if there is no file."""
    try:
        with path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []
