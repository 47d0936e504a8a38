"""The keys that sign access tokens, and those that still verify them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth_service.application.ports import KeyForge, SigningKeys
from auth_service.application.units import Units
from auth_service.domain.events import AuthEvent, Kind
from auth_service.domain.models import SigningKey

_CLOCK_SKEW: Final = timedelta(minutes=1)
"""How far the clocks of two replicas may be apart."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """Making, rotating and publishing keys."""

    keys: SigningKeys
    units: Units
    forge: KeyForge
    clock: Callable[[], datetime]

    async def published(self) -> list[SigningKey]:
        """The keys to verify with, those to come included."""
        return await self.keys.all()

    async def ensure(self) -> None:
        """See to it that there is a key that this process can sign with."""
        async with self.units.begin() as unit:
            if any(self.forge.can_open(key) for key in await unit.keys.lock()):
                return
            await unit.keys.add(self.forge.make(self.clock()))

    async def rotate(self, lead: timedelta, access_token_life: timedelta) -> SigningKey:
        """Publish a key that signs once `lead` is over; the others end when their tokens have."""
        async with self.units.begin() as unit:
            await unit.keys.lock()
            coming = self.forge.make(self.clock() + lead)
            await unit.keys.retire(coming.active_from + access_token_life + _CLOCK_SKEW)
            await unit.keys.add(coming)
            await unit.record(AuthEvent(Kind.KEYS_ROTATED, detail=coming.kid))
        return coming
