"""Slowing down whoever guesses passwords."""

from dataclasses import dataclass

from auth_service.application.ports import Guesses
from auth_service.application.units import UnitOfWork, Units
from auth_service.domain.errors import TooManyAttempts
from auth_service.domain.events import AuthEvent
from auth_service.domain.throttle import Guess, Limits


@dataclass(frozen=True, slots=True)
class Throttle:
    """Counts wrong guesses; without limits it only records them."""

    guesses: Guesses
    units: Units
    limits: Limits | None

    async def admit(self, guess: Guess) -> None:
        """Let a guess be made. Raises `TooManyAttempts`."""
        if self.limits is None:
            return
        wait = self.limits.wait(guess, await self.guesses.debts(guess.keys))
        if wait > 0:
            raise TooManyAttempts(retry_after=wait)

    async def wrong(self, guess: Guess, event: AuthEvent) -> None:
        """Count a wrong guess, and record what it was."""
        async with self.units.begin() as unit:
            await unit.record(event)
            if self.limits is not None:
                await unit.charge(self.limits.charges(guess))

    async def right(self, guess: Guess, unit: UnitOfWork) -> None:
        """Forget the wrong guesses of this account from this address."""
        if self.limits is not None:
            await unit.forgive(guess.pair)
