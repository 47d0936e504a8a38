"""One stack per data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinstack_local.errors import AlreadyRunning


@contextmanager
def claimed(data_dir: Path) -> Iterator[None]:
    """Own the data folder while the block runs; the kernel gives it back after any end.

    Raises AlreadyRunning with the process id of the owner.
    """
    folder = data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f"a stack already runs on {data_dir} (pid {file.read().strip() or 'unknown'}): "
                "stop it, or set PINSTACK_DATA_DIR to another folder and other ports"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
