"""Letting go of what nobody will ask for any more."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from notification_service.application.units import Units

_BATCH: Final = 1000
_JOBS_KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Empties inboxes of deleted users, and deletes what is older than it is kept."""

    units: Units
    retention: timedelta
    tombstones_kept: timedelta
    claims_kept: timedelta
    traces_kept: timedelta
    most_traces: int

    async def empty_closed(self) -> bool:
        """Delete some of what closed inboxes hold; returns whether there may be more."""
        async with self.units.begin() as unit:
            return await unit.remains.empty_closed(_BATCH)

    async def forget(self) -> bool:
        """Delete some of what is old; returns whether there may be more."""
        async with self.units.begin() as unit:
            expired, changed = await unit.remains.expire(self.retention, _BATCH)
            unit.emit(changed)
        async with self.units.begin() as unit:
            rest = [
                await unit.remains.forget_withdrawn(self.tombstones_kept, _BATCH),
                await unit.remains.forget_jobs(_JOBS_KEPT, _BATCH),
                await unit.remains.forget_claims(self.claims_kept, _BATCH),
                await unit.remains.forget_skipped(self.traces_kept, self.most_traces, _BATCH),
                await unit.remains.forget_deliveries(self.traces_kept, self.most_traces, _BATCH),
            ]
        return max(expired, *rest) == _BATCH
