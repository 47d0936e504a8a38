"""Who opens a live connection, and from where."""

from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from service_kit import metrics
from service_kit.errors import AppError, PermissionDenied, Unauthenticated
from starlette.types import Scope

from api_gateway.application.ports import Tickets, Tokens
from api_gateway.domain.credential import access_token, bearer_token
from api_gateway.domain.principal import Principal

PROTOCOL: Final = "pinstack.v1"
_BEARER: Final = "bearer."
_IN_URL: Final = {"access_token", "token", "authorization", "bearer"}
_DEFAULT_PORT: Final = {"http": ":80", "https": ":443"}


class TokenInUrl(Unauthenticated):
    """URLs end up in logs and histories; an access token never stands in one (RFC 9700, 4.3.2)."""

    code = "TOKEN_IN_URL"
    message = "an access token must not stand in the URL"


class InvalidTicket(Unauthenticated):
    """Unknown, used or too old."""

    code = "INVALID_TICKET"
    message = "invalid ticket"


class Callers:
    """Knows who calls: by header, by subprotocol, by ticket, in this order."""

    def __init__(self, tokens: Tokens, tickets: Tickets, origins: Collection[str]) -> None:
        """`origins` are those that browsers may call from; `*` is any."""
        self._tokens = tokens
        self._tickets = tickets
        self._origins = origins

    def check_origin(self, scope: Scope) -> None:
        """Refuse a page of another site, where a browser says so. Raises PermissionDenied."""
        origin = header(scope, b"origin")
        if origin is None or origin in self._origins or "*" in self._origins:
            return
        if not _same_host(origin, header(scope, b"host") or ""):
            raise PermissionDenied("origin not allowed", code="ORIGIN_NOT_ALLOWED")

    async def identify(self, scope: Scope) -> Principal:
        """Who opens the connection. Raises Unauthenticated, or Unavailable for tickets."""
        try:
            principal = await self._identify(scope)
        except AppError as error:
            metrics.AUTHENTICATION.labels("refused", error.code).inc()
            raise
        metrics.AUTHENTICATION.labels("ok", "live").inc()
        return principal

    async def _identify(self, scope: Scope) -> Principal:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if not _IN_URL.isdisjoint(name.lower() for name in query):
            raise TokenInUrl
        authorization = header(scope, b"authorization")
        if authorization is not None:
            return await self._tokens.verify(bearer_token(authorization))
        for offered in subprotocols(scope):
            if offered.startswith(_BEARER):
                return await self._tokens.verify(access_token(offered.removeprefix(_BEARER)))
        if "ticket" in query:
            return await self._holder(query["ticket"])
        raise Unauthenticated

    async def _holder(self, ticket: str) -> Principal:
        principal = await self._tickets.redeem(ticket)
        if principal is None:
            raise InvalidTicket
        return principal


def header(scope: Scope, name: bytes) -> str | None:
    """The first header field of that name, in lower case."""
    found = next((value for key, value in scope["headers"] if key == name), None)
    return None if found is None else found.decode("latin-1")


def subprotocols(scope: Scope) -> Iterator[str]:
    """What the client offers to speak."""
    for offered in scope.get("subprotocols", ()):
        yield str(offered)


def _same_host(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORT.get(parts.scheme)
    if default is None or not parts.netloc:
        return False
    ours, theirs = (name.lower().removesuffix(default) for name in (host, parts.netloc))
    return ours == theirs
