"""A ledger and a world side by side, with the look-ups that checks need."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from chaos.ledger import Action, Entry, Ledger
from chaos.world import Event, Notified, World

USER_CREATED: Final = "user.created.v1"
FOLLOWED: Final = "relation.follow_created.v1"
UNFOLLOWED: Final = "relation.follow_deleted.v1"
POSTED: Final = "post.created.v1"
POST_GONE: Final = "post.deleted.v1"


class Case:
    """Names of the ledger, ids of the world."""

    def __init__(self, ledger: Ledger, world: World) -> None:
        self.ledger = ledger
        self.world = world

    @cached_property
    def ids(self) -> dict[str, int]:
        """Whoever ever had an account, by username: those who left included."""
        return {event.text: event.ids[0] for event in self.world.events if is_new_user(event)}

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name now."""
        return self.ids.get(username) in self.world.users

    @cached_property
    def events(self) -> dict[tuple[str, tuple[int, ...]], list[Event]]:
        """Events by type and the ids that they are about."""
        found: defaultdict[tuple[str, tuple[int, ...]], list[Event]] = defaultdict(list)
        for event in self.world.events:
            found[event.type, event.ids].append(event)
        return found

    def count(self, type_: str, *ids: int) -> int:
        """How many events of a type are about these ids."""
        return len(self.events.get((type_, ids), ()))

    @cached_property
    def posts(self) -> dict[str, list[int]]:
        """Ids of all posts that ever were, by title."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for event in self.world.events:
            if event.type == POSTED:
                found[event.text].append(event.ids[0])
        return found

    @cached_property
    def told(self) -> dict[str, dict[int, list[Notified]]]:
        """Notifications by subject and by whose inbox they are in, in the order of seqs."""
        found: dict[str, dict[int, list[Notified]]] = {}
        for one in sorted(self.world.notifications, key=lambda one: one.seq):
            found.setdefault(one.subject, {}).setdefault(one.user_id, []).append(one)
        return found

    @cached_property
    def readers(self) -> set[str]:
        """Who may have read something: what is read is not withdrawn."""
        return {
            name
            for name, entries in self.ledger.of(Action.READ_ALL).items()
            if any(entry.may_have_happened for entry in entries)
        }

    @cached_property
    def relations(self) -> dict[tuple[str, str], list[Entry]]:
        """Follows and unfollows by follower and followee, in their order."""
        return self.ledger.by_subject(Action.FOLLOW, Action.UNFOLLOW)

    @cached_property
    def writings(self) -> dict[tuple[str, str], list[Entry]]:
        """Posts and their deletions by author and title."""
        return self.ledger.by_subject(Action.POST, Action.DELETE_POST)


def is_new_user(event: Event) -> bool:
    """Whether an account begins with it."""
    return event.type == USER_CREATED


def states(entries: Sequence[Entry], doing: Action) -> set[bool]:
    """Whether something may be there after `entries`: `doing` makes it, the other one ends it."""
    known = {False}
    for entry in entries:
        after = entry.action is doing
        if entry.is_acknowledged:
            known = {after}
        elif entry.may_have_happened:
            known = known | {after}
    return known


def visible(notified: Sequence[Notified]) -> int:
    """How many of them are shown."""
    return sum(not one.is_withdrawn for one in notified)
