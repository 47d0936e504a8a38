"""What people have uploaded, in a backup: the files of a store that is a folder."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

STORE: Final = "POST_MEDIA_STORE"
_SAVED: Final = "media"
"""The folder of a backup that the store is in."""
_KEPT: Final = ("media", "incoming")
"""Folders of the store: what is shown, and what waits to be processed."""


def save(backup: Path, environment: Mapping[str, str]) -> None:
    """Copy the store into a backup, after the dumps: a row in them names no file that came later.

    A store that is no folder is left to its own means; so is one that the environment names not.
    """
    store = _folder(environment)
    if store is None:
        return
    for path in (path for kept in _KEPT for path in (store / kept).rglob("*")):
        if path.is_file() and "#" not in path.name:  # that is half written
            target = backup / _SAVED / path.relative_to(store)
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # deleted meanwhile
                shutil.copy2(path, target)


def put_back(backup: Path, environment: Mapping[str, str]) -> None:
    """Make the store what it was. A backup that has no files changes none."""
    store = _folder(environment)
    if store is None or not (backup / _SAVED).is_dir():
        return
    for kept in _KEPT:
        shutil.rmtree(store / kept, ignore_errors=True)
    shutil.copytree(backup / _SAVED, store, dirs_exist_ok=True)


def _folder(environment: Mapping[str, str]) -> Path | None:
    parts = urlsplit(environment.get(STORE, ""))
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None
