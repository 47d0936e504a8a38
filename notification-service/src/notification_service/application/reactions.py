"""What becomes of inboxes when something happens elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from notification_service.application.ports import Users
from notification_service.application.reception import Reception
from notification_service.application.units import Units
from notification_service.domain.facts import (
    DELETED_USERNAME,
    AccountGone,
    Fact,
    FollowEnded,
    FollowStarted,
    PostGone,
    PostPublished,
)
from notification_service.domain.models import Draft, Target
from notification_service.domain.provenance import Reason, Skipped


class Effects(Protocol):
    """Who gives facts their effect."""

    async def apply(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The effect of all of them, or, by raising, of none. Facts of one kind are in order.

        Returns those that there may be work from, for others. Raises `Unavailable`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reactions:
    """Gives facts their effect, once each, however often they are told."""

    users: Users
    units: Units
    reception: Reception

    async def apply(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The effect of all of them, or, by raising, of none. Facts of one kind are in order.

        Returns those that there may be work from, for others. Raises `Unavailable` where a
        follower can't be named.
        """
        told: dict[UUID, Fact] = {}
        for fact in facts:
            told.setdefault(fact.event_id, fact)
        followers = {fact.follower_id for fact in facts if isinstance(fact, FollowStarted)}
        usernames = await self.users.usernames(followers) if followers else {}
        async with self.units.begin() as unit:
            claimed = await unit.claim(told.values())
            effect = _effect_of([fact for id_, fact in told.items() if id_ in claimed])
            await unit.jobs.add(effect.published)
            await unit.jobs.cancel(list(effect.gone.values()))
            if effect.withdrawn or effect.accounts:
                await unit.inboxes.lock(effect.user_ids())
                unit.emit(await unit.inboxes.withdraw(effect.withdrawn))
            wanted = await self.reception.admit(unit, effect.drafts(usernames))
            unit.emit(await unit.inboxes.deliver(wanted))
            unit.emit(await unit.inboxes.close(effect.accounts))
            await unit.skip(effect.skipped)
        return facts


@dataclass(slots=True)
class _Effect:
    """What several facts come to. A follow that is ended in the same batch is told to nobody."""

    started: dict[Target, FollowStarted] = field(default_factory=dict)
    withdrawn: set[Target] = field(default_factory=set)
    published: list[PostPublished] = field(default_factory=list)
    gone: dict[int, PostGone] = field(default_factory=dict)
    accounts: set[int] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)

    def begin(self, fact: FollowStarted) -> None:
        """A follow begins, in the place of one that has begun already."""
        self._skip(self.started.get(fact.target), Reason.DUPLICATE)
        self.started[fact.target] = fact

    def end(self, target: Target) -> None:
        """A follow ends, of which perhaps nobody has been told."""
        self._skip(self.started.pop(target, None), Reason.WITHDRAWN)
        self.withdrawn.add(target)

    def user_ids(self) -> set[int]:
        """Whose inboxes are concerned."""
        return {target.user_id for target in (*self.started, *self.withdrawn)} | self.accounts

    def drafts(self, usernames: Mapping[int, str]) -> list[Draft]:
        """What followees are told."""
        return [
            Draft(
                fact.followee_id,
                fact.content(usernames.get(fact.follower_id, DELETED_USERNAME)),
                traceparent=fact.traceparent,
            )
            for fact in self.started.values()
        ]

    def _skip(self, fact: FollowStarted | None, reason: Reason) -> None:
        if fact is not None:
            self.skipped.append(Skipped(fact.event_id, fact.followee_id, reason))


def _effect_of(facts: Sequence[Fact]) -> _Effect:
    effect = _Effect()
    for fact in facts:
        match fact:
            case FollowStarted():
                effect.begin(fact)
            case FollowEnded():
                effect.end(fact.target)
            case PostPublished():
                effect.published.append(fact)
            case PostGone():
                effect.gone[fact.post_id] = fact
            case AccountGone():
                effect.accounts.add(fact.user_id)
    return effect
