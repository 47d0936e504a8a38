"""Gateways that tell each other of writes, in memory."""

from api_gateway.application.recent_writes import RecentWrites


class InMemoryGateways:
    """Everybody who joined hears of every writer at once."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self._everybody: list[RecentWrites] = []

    def join(self, writes: RecentWrites) -> None:
        """Hear of writes from now on."""
        self._everybody.append(writes)
        writes.hears(True)

    async def tell(self, user_id: int, *, profile: bool = False) -> None:
        self.told.append(user_id)
        for writes in self._everybody:
            writes.note(user_id, profile=profile)
