"""What a person at the terminal reads: one line a step, with the time since the start."""

import sys
import time
from contextlib import suppress
from typing import TextIO

from pinstack_local.errors import LocalStackError, StartFailed

LOG_LINES = 15


class Console:
    """Writes to standard error, or to the stream it is given; a closed terminal is no error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._begin = time.monotonic()

    def step(self, text: str) -> None:
        """Write `text` with the seconds since this console was made."""
        self.write(f"{time.monotonic() - self._begin:6.1f} s  {text}")

    def event(self, text: str) -> None:
        """Write `text` with the time of day."""
        self.write(f"{time.strftime('%H:%M:%S')}  {text}")

    def write(self, text: str) -> None:
        """Write `text` as it is."""
        with suppress(OSError, ValueError):
            print(text, file=self._stream, flush=True)

    def failure(self, error: LocalStackError, prefix: str = "pinstack") -> None:
        """Write what went wrong; for a part that did not start, the end of its log as well."""
        for line in str(error).splitlines():
            self.write(f"{prefix}: {line}")
        if isinstance(error, StartFailed) and error.log_path is not None:
            for line in error.log_lines(LOG_LINES):
                self.write(f"    | {line}")
            self.write(f"    its log: {error.log_path}")
