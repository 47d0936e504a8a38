"""Changes of a service, in memory."""

from service_kit.errors import AppError

from api_gateway.application.changes import Changed


class InMemoryChanges:
    """Counts its changes; a cursor is how many there were. Raises `failure` where there is one."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.failure: AppError | None = None
        self.forgets = False
        self.asked = 0

    async def since(self, cursor: str) -> Changed:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        following = str(len(self.made))
        if self.forgets:
            return Changed((), following, is_reset=True)
        return Changed(tuple(self.made[int(cursor) :]) if cursor else (), following)
