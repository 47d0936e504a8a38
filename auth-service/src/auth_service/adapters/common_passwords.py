"""The 3,000 most common passwords that have at least 8 characters."""

import functools
from importlib import resources
from typing import Final

_FILE: Final = "common_passwords.txt"


@functools.cache
def common_passwords() -> frozenset[str]:
    """All of them, in lower case; the file, which names its source, is read at the first call."""
    text = resources.files(__package__).joinpath(_FILE).read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))
