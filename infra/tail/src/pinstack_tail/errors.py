"""Why a connection ended, and what ends the client itself."""

from dataclasses import dataclass
from enum import Enum, auto


class Stopped(Exception):
    """The client cannot go on; its text is for people."""


class SignedOut(Stopped):
    """There is no valid token any more, and no way to one but signing in again."""


class Unreachable(Exception):
    """The gateway did not answer, or was too busy to; `retry_after` (seconds) if it said when."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Then(Enum):
    """What a client does after a connection has ended."""

    RESUME = auto()
    """Come back at once: nothing is wrong with the server."""
    RENEW = auto()
    """Come back with a new token."""
    WAIT = auto()
    """Come back after a while, longer each time."""
    STOP = auto()
    """Do not come back: it would end the same way."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a connection; `retry_after` (seconds) is when the server wants to see us again."""

    then: Then
    why: str
    retry_after: float | None = None
