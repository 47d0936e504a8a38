"""Tokens of a session, from its first to its last."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.application.ports import AccessTokens
from auth_service.application.units import UnitOfWork
from auth_service.domain.models import Client, Grant, Lives, PresentedToken, TokenPair
from auth_service.domain.refresh_tokens import RefreshTokens


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes pairs of tokens."""

    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    lives: Lives

    async def sign_in(
        self, unit: UnitOfWork, user_id: int, version: int | None, client: Client
    ) -> tuple[TokenPair, UUID] | None:
        """The tokens of a new session and its id; None where the password has changed meanwhile."""
        first = self.refresh_tokens.first()
        digest = self.refresh_tokens.digest(first)
        grant = await unit.sessions.open(user_id, version, client, digest, self.lives)
        return None if grant is None else (self._pair(grant, first), grant.session_id)

    async def rotate(self, unit: UnitOfWork, token: PresentedToken, presented: str) -> TokenPair:
        """The next pair of a family; the presented token is spent."""
        successor = self.refresh_tokens.successor(presented)
        digest = self.refresh_tokens.digest
        await unit.sessions.rotate(token, digest(presented), digest(successor), self.lives)
        return self._pair(token.grant, successor)

    async def repeat(self, unit: UnitOfWork, token: PresentedToken, presented: str) -> TokenPair:
        """The successor that a spent token had, and a new access token."""
        await unit.sessions.touch(token)
        return self._pair(token.grant, self.refresh_tokens.successor(presented))

    def _pair(self, grant: Grant, refresh_token: str) -> TokenPair:
        seconds = int(self.lives.access_token.total_seconds())
        return TokenPair(
            self.access_tokens.issue(grant), refresh_token, seconds, user_id=grant.user_id
        )
