"""Access tokens in memory."""

from service_kit.errors import Unauthenticated

from api_gateway.domain.principal import InvalidToken, Principal, TokenExpired


class InMemoryTokens:
    """Knows the tokens that `of` made, and the ones that were expired or revoked since."""

    def __init__(self) -> None:
        self.expired: set[str] = set()
        self.revoked: set[str] = set()

    def of(self, user_id: int, session_id: str = "s1") -> str:
        """A token of that user; it has the form of one."""
        return f"u.{user_id}.{session_id}"

    def fields(self, user_id: int) -> dict[str, str]:
        """The header of a request by that user."""
        return {"Authorization": f"Bearer {self.of(user_id)}"}

    async def verify(self, token: str) -> Principal:
        kind, user_id, session_id = token.split(".")
        if kind != "u":
            raise InvalidToken
        if token in self.expired:
            raise TokenExpired
        if token in self.revoked:
            raise Unauthenticated
        return Principal(int(user_id), session_id, token, frozenset(), 2e9, 1e9)
