"""Notifications that tell the same kind of thing, as a client sees them: in one sentence."""

from dataclasses import dataclass
from typing import Final

from api_gateway.domain.notification import Notification

DELETED_USERNAME: Final = "deleted"
_NAMED: Final = 2
"""People who are named where there are more than fit."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group; `actor_ids` are the latest of the `actors` people whom it tells of."""

    latest: Notification
    size: int
    unread: int
    actor_ids: tuple[int, ...]
    actors: int


@dataclass(frozen=True, slots=True)
class Actor:
    """A person whom a group tells of; id 0 and the name `deleted` where the account is gone."""

    id: int
    username: str
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A group with the people in it that are named."""

    group: Group
    actors: tuple[Actor, ...]

    @property
    def others(self) -> int:
        """People who are not among the `actors`."""
        return self.group.actors - len(self.actors)

    @property
    def text(self) -> str:
        """What has happened, in English: "ada, bob and 5 others followed you"."""
        group = self.group
        if not self.actors:
            return f"{_counted(group.size, 'notification')}: {group.latest.type}"
        return f"{self._people()} {_deed(group)}"

    def _people(self) -> str:
        names = [actor.username for actor in self.actors]
        if self.others:
            rest = self.group.actors - len(names[:_NAMED])
            return f"{', '.join(names[:_NAMED])} and {_counted(rest, 'other')}"
        if len(names) == 1:
            return names[0]
        return f"{', '.join(names[:-1])} and {names[-1]}"


def _deed(group: Group) -> str:
    """What they did; a user's own message is never taken for the system's."""
    kind = group.latest.type
    if group.latest.actor_id is not None:
        number = "a notification" if group.size == 1 else _counted(group.size, "notification")
        return f"sent you {number}: {kind}"
    if kind == "follow_created":
        return "followed you"
    if kind == "post_created":
        return "published " + ("a post" if group.size == 1 else _counted(group.size, "post"))
    return f"caused {_counted(group.size, 'notification')}: {kind}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
