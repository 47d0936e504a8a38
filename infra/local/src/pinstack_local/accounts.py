"""The user that a server runs as: PostgreSQL refuses to be root."""

import os
import pwd
from pathlib import Path
from typing import NamedTuple

NOBODY = "nobody"


class Account(NamedTuple):
    """A user and group id."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """Return whom to become: `nobody` for root, and none for an ordinary user, who stays."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)


def hand_over(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path`, where there is one to change to."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
