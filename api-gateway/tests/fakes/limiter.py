"""A rate limiter in memory that never forgives."""

from collections import Counter

from api_gateway.domain.limit import Limit, Verdict


class InMemoryLimiter:
    """Counts requests by scope and key; the count never goes back."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()

    async def take(self, limit: Limit, key: str) -> Verdict:
        self.taken[limit.scope, key] += 1
        left = limit.count - self.taken[limit.scope, key]
        wait = 0.0 if left >= 0 else 1.5
        return Verdict(limit, left >= 0, max(0, left), float(limit.seconds), wait)
