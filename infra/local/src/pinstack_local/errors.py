"""What can go wrong with the local stack, and the exit status that each case leaves behind."""

from pathlib import Path
from typing import Final

from pinstack_local import logfiles

_NOTED_LINES: Final = 20


class LocalStackError(Exception):
    """A fact that a person at the terminal can act on; its text is the whole message."""

    exit_code = 1


class StartFailed(LocalStackError):
    """A part of the stack ended, or was not ready in time; the end of its log is a note to it."""

    def __init__(self, name: str, reason: str, log_path: Path | None = None) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason
        self.log_path = log_path
        if lines := self.log_lines(_NOTED_LINES):
            self.add_note("\n".join(lines))

    def log_lines(self, count: int) -> list[str]:
        """Return the last lines of its log."""
        return logfiles.tail(self.log_path, count) if self.log_path is not None else []


class StoryFailed(LocalStackError):
    """Something in the demonstration did not happen."""


class PortsTaken(LocalStackError):
    """At least one wanted port is in use, or wanted twice.

    `passing` says that only outgoing connections are in the way, which end by themselves.
    """

    exit_code = 2

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class AlreadyRunning(LocalStackError):
    """Another process owns the data folder."""

    exit_code = 2


class MissingTool(LocalStackError):
    """The machine lacks a program that was asked for, such as Java."""

    exit_code = 2


class InvalidSetting(LocalStackError):
    """An environment variable or an argument has a value that means nothing."""

    exit_code = 2
