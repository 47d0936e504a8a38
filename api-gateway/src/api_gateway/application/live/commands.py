"""What a client may say on a live connection (contracts, part 4)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after the last seq that the client saw; None: from now."""

    after_seq: int | None


@dataclass(frozen=True, slots=True)
class Read:
    """One notification was read."""

    id: int


@dataclass(frozen=True, slots=True)
class ReadAll:
    """All were read, or all up to a seq."""

    up_to_seq: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """All were seen, or all up to a seq."""

    up_to_seq: int | None


@dataclass(frozen=True, slots=True)
class Renew:
    """A fresh token, for the connection to outlive its first one."""

    access_token: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there?"""


@dataclass(frozen=True, slots=True)
class Pong:
    """Somebody is here."""


Command = Resume | Read | ReadAll | Seen | Renew | Ping | Pong
