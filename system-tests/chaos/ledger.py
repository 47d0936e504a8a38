"""The ledger: every request, and what its sender knows of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Action(StrEnum):
    """What a request asks for; `subject` of its entry is in brackets."""

    REGISTER = "register"
    FOLLOW = "follow"  # (whom, a username)
    UNFOLLOW = "unfollow"  # (whom)
    POST = "post"  # (a title that no other post has)
    DELETE_POST = "delete_post"  # (the title)
    RENAME = "rename"  # (the new full name)
    READ_ALL = "read_all"
    LEAVE = "leave"


class Outcome(StrEnum):
    """Acknowledged: it has happened. Refused: it has not. Unknown: either, as a whole."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of `actor` (a username), with all its attempts under one idempotency key.

    Times are seconds since the run began. `answer` says what came back last.
    """

    actor: str
    action: Action
    subject: str
    started: float
    ended: float
    outcome: Outcome
    attempts: int = 1
    answer: str = ""

    @property
    def may_have_happened(self) -> bool:
        return self.outcome is not Outcome.REFUSED

    @property
    def is_acknowledged(self) -> bool:
        return self.outcome is Outcome.ACKNOWLEDGED


@dataclass(slots=True)
class Ledger:
    """All entries of a run; those of one actor are in the order in which they were made."""

    entries: list[Entry] = field(default_factory=list)

    def note(self, entry: Entry) -> None:
        """Add what has become of a request."""
        self.entries.append(entry)

    def by_subject(self, *actions: Action) -> dict[tuple[str, str], list[Entry]]:
        """Entries of some actions, by actor and subject."""
        found: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.action in actions:
                found[entry.actor, entry.subject].append(entry)
        return dict(found)

    def of(self, action: Action) -> dict[str, list[Entry]]:
        """Entries of one action, by actor."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.action is action:
                found[entry.actor].append(entry)
        return dict(found)

    def outcomes(self) -> Counter[str]:
        """How many entries have which outcome."""
        return Counter(entry.outcome.value for entry in self.entries)


def acknowledged(entries: Iterable[Entry]) -> int:
    """How many have happened for certain."""
    return sum(entry.is_acknowledged for entry in entries)


def possible(entries: Iterable[Entry]) -> int:
    """How many have happened at the most."""
    return sum(entry.may_have_happened for entry in entries)
