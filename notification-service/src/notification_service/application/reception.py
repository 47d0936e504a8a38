"""Who is told, and whether it is pushed, by what people want."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notification_service.application.ports import Clock
from notification_service.application.units import UnitOfWork
from notification_service.domain.models import Draft
from notification_service.domain.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Reception:
    """What becomes of notifications before they come into inboxes: one query for all of them."""

    clock: Clock

    async def admit(
        self, unit: UnitOfWork, drafts: Sequence[Draft], author_id: int | None = None
    ) -> list[Draft]:
        """Those drafts that are wanted, in their order, silent where they are not to be pushed.

        With `author_id` they tell of a post of that person, whom some have muted.
        """
        user_ids = [draft.user_id for draft in drafts]
        wishes = await unit.preferences.of(user_ids)
        muting = set[int]()
        if author_id is not None:
            muting = await unit.preferences.muting(author_id, user_ids)
        wanted = [draft for draft in drafts if draft.user_id not in muting]
        if not wishes:
            return wanted
        now = self.clock()
        return [one for draft in wanted if (one := _received(draft, wishes, now)) is not None]


def _received(draft: Draft, wishes: Mapping[int, Preferences], now: datetime) -> Draft | None:
    """A draft as its receiver wants it, None for not at all."""
    wish = wishes.get(draft.user_id)
    if wish is None:
        return draft
    kind = draft.content.type
    if kind in wish.in_app_off:
        return None
    is_live = kind not in wish.live_off
    return replace(draft, is_live=is_live, is_silent=not is_live or wish.are_quiet_at(now))
