"""Who is calling, from the header of a request; checked before anything else of it is read."""

from service_kit import metrics
from service_kit.errors import AppError

from api_gateway.adapters.http.operations import Access
from api_gateway.application.ports import Tokens
from api_gateway.domain.credential import bearer_token
from api_gateway.domain.principal import Principal


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
            principal = await self._tokens.verify(bearer_token(authorization))
        except AppError as error:
            metrics.AUTHENTICATION.labels("refused", error.code).inc()
            raise
        metrics.AUTHENTICATION.labels("ok", "token").inc()
        return principal

    async def recognise(self, authorization: str | None) -> Principal | None:
        """Who the header names, None where it names nobody; whoever refuses that counts it."""
        try:
            return await self._tokens.verify(bearer_token(authorization))
        except AppError:
            return None
