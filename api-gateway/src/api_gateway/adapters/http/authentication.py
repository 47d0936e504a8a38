"""Who is calling, from the header of a request; checked before anything else of it is read."""

import re
from typing import Final

from service_kit import metrics
from service_kit.errors import AppError, Unauthenticated

from api_gateway.adapters.http.operations import Access
from api_gateway.application.ports import Tokens
from api_gateway.domain.principal import InvalidToken, Principal

_SCHEME: Final = "bearer"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""A JWS in compact form (RFC 7515, 3.1)."""


class Authentication:
    """Turns the header into a principal, or refuses, in the order that the API promises."""

    def __init__(self, tokens: Tokens, *, reads_are_open: bool) -> None:
        self._tokens = tokens
        self._open = {Access.OPEN, Access.READ} if reads_are_open else {Access.OPEN}

    async def identify(self, access: Access, authorization: str | None) -> Principal | None:
        """Who calls; None where the operation is open, whatever the header says.

        Raises Unauthenticated.
        """
        if access in self._open:
            return None
        try:
            principal = await self._tokens.verify(_bearer(authorization))
        except AppError as error:
            metrics.AUTHENTICATION.labels("refused", error.code).inc()
            raise
        metrics.AUTHENTICATION.labels("ok", "token").inc()
        return principal


def _bearer(authorization: str | None) -> str:
    if authorization is None:
        raise Unauthenticated
    parts = authorization.split()
    if len(parts) != 2 or parts[0].lower() != _SCHEME or not _TOKEN.fullmatch(parts[1]):
        raise InvalidToken
    return parts[1]
