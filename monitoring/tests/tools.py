"""Programs that check what is written for other programs."""

import shutil
import subprocess
from pathlib import Path

import pytest


def run(program: str, *arguments: str | Path) -> str:
    """What a program says; the test fails where it does, and is skipped where it is missing."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (.ci/install_tools, on Debian as root)")
    done = subprocess.run(  # noqa: S603 - of this machine
        [found, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
