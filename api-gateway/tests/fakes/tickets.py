"""Tickets in memory."""

from itertools import count

from api_gateway.domain.principal import Principal


class InMemoryTickets:
    """Tickets that never grow old."""

    def __init__(self) -> None:
        self.issued: dict[str, Principal] = {}
        self._numbers = count(1)

    async def issue(self, principal: Principal) -> str:
        ticket = f"ticket-{next(self._numbers)}"
        self.issued[ticket] = principal
        return ticket

    async def redeem(self, ticket: str) -> Principal | None:
        return self.issued.pop(ticket, None)
