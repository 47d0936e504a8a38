"""Why connections are closed, with the codes of the WebSocket close frame (contracts, part 4)."""

from dataclasses import dataclass
from typing import Final

from service_kit.errors import AppError, ResourceExhausted, Unauthenticated, Unavailable


@dataclass(frozen=True, slots=True)
class Closing:
    """A reason to close: for WebSocket the close code, for both carriers an error code and text.

    `retry_after` is when the client should come back, in seconds.
    """

    close_code: int
    code: str
    message: str
    retry_after: float | None = None


UNAUTHENTICATED: Final = 4401
TOKEN_EXPIRED: Final = Closing(UNAUTHENTICATED, "TOKEN_EXPIRED", "token expired")
TOKEN_REVOKED: Final = Closing(UNAUTHENTICATED, "TOKEN_REVOKED", "token revoked")
OTHER_USER: Final = Closing(UNAUTHENTICATED, "UNAUTHENTICATED", "token of another user")
TOO_SLOW: Final = Closing(4408, "CLIENT_TOO_SLOW", "client too slow")
TOO_MANY: Final = Closing(4429, "TOO_MANY_CONNECTIONS", "too many live connections")
TOO_LARGE: Final = Closing(1009, "FRAME_TOO_LARGE", "frame too large")
TOO_MANY_BAD: Final = Closing(1008, "TOO_MANY_BAD_FRAMES", "too many bad frames")
TRY_LATER: Final = Closing(1013, "UNAVAILABLE", "try again later", retry_after=5.0)


def restarting(retry_after: float) -> Closing:
    """The process ends; the client comes back after a delay of its own, in seconds."""
    text = f"restarting; retry_after_ms={round(retry_after * 1000)}"
    return Closing(1012, "RESTARTING", text, retry_after)


def refusal(error: AppError) -> Closing:
    """The close that says the same as an error before the connection was open."""
    match error:
        case Unauthenticated():
            return Closing(UNAUTHENTICATED, error.code, error.message)
        case ResourceExhausted():
            return Closing(TOO_MANY.close_code, error.code, error.message)
        case Restarting():
            return restarting(error.retry_after or 1.0)
        case _:
            return TRY_LATER


class TooManyConnections(ResourceExhausted):
    """The user has as many live connections as one may have."""

    code = "TOO_MANY_CONNECTIONS"
    message = "too many live connections"


class Full(Unavailable):
    """The process holds as many live connections as it may."""

    code = "TOO_MANY_CONNECTIONS"
    message = "too many live connections"


class Restarting(Unavailable):
    """The process ends; another one takes the connection."""

    code = "RESTARTING"
    message = "restarting"
