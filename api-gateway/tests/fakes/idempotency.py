"""Idempotency keys in memory."""

from itertools import count

from api_gateway.application.ports import InFlight, StoredAnswer


class InMemoryIdempotencyKeys:
    """Claims and answers by key; `crash` ends a claim as its time does."""

    def __init__(self) -> None:
        self.answers: dict[str, StoredAnswer] = {}
        self.claims: dict[str, str] = {}
        self._leases = count(1)

    async def begin(self, key: str) -> StoredAnswer | InFlight | str:
        if key in self.answers:
            return self.answers[key]
        if key in self.claims:
            return InFlight()
        self.claims[key] = f"lease-{next(self._leases)}"
        return self.claims[key]

    async def finish(self, key: str, lease: str, answer: StoredAnswer) -> None:
        if self.claims.get(key) == lease:
            self.answers[key] = answer
            del self.claims[key]

    async def abandon(self, key: str, lease: str) -> None:
        if self.claims.get(key) == lease:
            del self.claims[key]
