"""Who is told, and whether it is pushed, by what people want."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notification_service.application.ports import Clock
from notification_service.application.units import UnitOfWork
from notification_service.domain.models import Draft, Held
from notification_service.domain.preferences import Preferences
from notification_service.domain.provenance import Reason, Skipped


@dataclass(frozen=True, slots=True)
class Reception:
    """What becomes of notifications before they come into inboxes: one query for all of them."""

    clock: Clock

    async def admit(
        self, unit: UnitOfWork, drafts: Sequence[Draft], author_ids: Sequence[int] = ()
    ) -> list[Draft]:
        """Those drafts that are wanted, in their order, silent where they are not to be pushed.

        With `author_ids`, one a draft, they tell of posts of these people, whom some have muted.
        Who is not told of an event is noted, with the reason.
        """
        user_ids = [draft.user_id for draft in drafts]
        wishes = await unit.preferences.of(set(user_ids))
        pairs = list(zip(user_ids, author_ids, strict=True)) if author_ids else []
        muting = await unit.preferences.muting(pairs)
        if not (wishes or muting):
            return list(drafts)
        now = self.clock()
        muted = [pair in muting for pair in pairs] or [False] * len(drafts)
        received = [
            _received(draft, wishes.get(draft.user_id), now, is_muted=is_muted)
            for draft, is_muted in zip(drafts, muted, strict=True)
        ]
        await unit.skip([one for one in received if isinstance(one, Skipped)])
        return [one for one in received if isinstance(one, Draft)]


def _received(
    draft: Draft, wish: Preferences | None, now: datetime, *, is_muted: bool
) -> Draft | Skipped | None:
    """A draft as its receiver wants it; else why not, where it tells of an event."""
    reason = None
    if is_muted:
        reason = Reason.MUTED
    elif wish is not None and draft.content.type in wish.in_app_off:
        reason = Reason.IN_APP_OFF
    if reason is not None:
        event_id = draft.content.event_id
        return None if event_id is None else Skipped(event_id, draft.user_id, reason)
    held = None if wish is None else _held(draft.content.type, wish, now)
    return draft if held is None else replace(draft, held=held)


def _held(kind: str, wish: Preferences, now: datetime) -> Held | None:
    if kind in wish.live_off:
        return Held.LIVE_OFF
    return Held.QUIET_HOURS if wish.are_quiet_at(now) else None
