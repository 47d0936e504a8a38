"""Rate limits: how many, how often, and what is left."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` requests in `seconds`, all of them at once if the caller likes.

    `scope` names it in keys, metrics and headers.
    """

    scope: str
    count: int
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limit says to one request; times are in seconds."""

    limit: Limit
    allowed: bool
    remaining: int
    reset_after: float
    retry_after: float = 0.0
