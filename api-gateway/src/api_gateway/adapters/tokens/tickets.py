"""Tickets that die with the token that they were issued for."""

import time
from collections.abc import Callable

from api_gateway.adapters.tokens.revocations import WatchedRevocations
from api_gateway.application.ports import Tickets
from api_gateway.domain.principal import Principal


class LivingTickets:
    """Tickets, but none of a principal whose token has expired or was revoked since."""

    def __init__(
        self,
        tickets: Tickets,
        revocations: WatchedRevocations,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tickets = tickets
        self._revocations = revocations
        self._clock = clock

    async def issue(self, principal: Principal) -> str:
        """A ticket that is good once, for 30 s."""
        return await self._tickets.issue(principal)

    async def redeem(self, ticket: str) -> Principal | None:
        """Who the ticket was issued to, if they are still signed in."""
        principal = await self._tickets.redeem(ticket)
        if principal is None or principal.expires_at <= self._clock():
            return None
        return None if self._revocations.cover(principal) else principal
