"""Single-use tickets for sockets that cannot carry a header."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from service_kit.errors import Unavailable

from api_gateway.adapters.redis.link import Link, RedisAway
from api_gateway.domain.principal import Principal

_PREFIX: Final = "gateway:ticket:"
_LIFE_SECONDS: Final = 30
_MAX_LENGTH: Final = 64


class RedisTickets:
    """Tickets that any replica can redeem, once. Redis holds their hashes.

    For who asks with an Idempotency-Key it keeps the answer too, longer than its ticket is good.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    async def issue(self, principal: Principal) -> str:
        """A ticket that is good for 30 s. Raises Unavailable."""
        ticket = secrets.token_urlsafe(32)
        value = orjson.dumps(
            [
                principal.user_id,
                principal.session_id,
                principal.token_id,
                sorted(principal.roles),
                principal.expires_at,
                principal.issued_at,
            ]
        )
        await self._ask(lambda: self._link.client.set(_key(ticket), value, ex=_LIFE_SECONDS))
        return ticket

    async def redeem(self, ticket: str) -> Principal | None:
        """Who it was issued to; None where it is unknown, used or too old. Raises Unavailable."""
        if len(ticket) > _MAX_LENGTH:
            return None
        value = await self._ask(lambda: self._link.client.getdel(_key(ticket)))
        if value is None:
            return None
        user_id, session_id, token_id, roles, expires_at, issued_at = orjson.loads(value)
        return Principal(user_id, session_id, token_id, frozenset(roles), expires_at, issued_at)

    async def _ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await self._link.ask(question)
        except RedisAway as error:
            raise Unavailable from error


def _key(ticket: str) -> str:
    return _PREFIX + hashlib.sha256(ticket.encode()).hexdigest()
