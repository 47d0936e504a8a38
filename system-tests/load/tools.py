"""Native load generators, from Debian's packages."""

import os
import shutil
import subprocess
import sys
from typing import Final

MISSING: Final = 3
"""The exit status that says: a program is missing that this may not install."""


def require(*programs: str) -> None:
    """Have programs on the path: installed by apt-get as root, else exit 3 with what to do."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", *missing]):
            subprocess.run(  # noqa: S603 -- the packages bear the names of the programs
                ["apt-get", "-o", "DPkg::Lock::Timeout=120", *command],  # noqa: S607
                env=environment,
                stdout=subprocess.DEVNULL,
                check=False,
            )
        missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        names = " ".join(missing)
        sys.stderr.write(f"load: not installed: {names} (on Debian: apt-get install {names})\n")
        sys.exit(MISSING)
