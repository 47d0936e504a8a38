"""Somebody's session with the API: tokens that renew themselves, and the inbox over HTTP."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from pinstack_tail.endings import seconds_of
from pinstack_tail.errors import SignedOut, Stopped, Unreachable
from pinstack_tail.frames import Notification, notification_from_json

API: Final = "/api/v1"
_SPARE_SECONDS: Final = 30.0
"""A token with less than this left is renewed before it is used."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair of tokens; `until` is when the access token ends, in seconds of the clock."""

    access: str
    refresh: str
    until: float


class Account:
    """Signed in. Whatever it raises is a `Stopped` or `Unreachable`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        tokens: Tokens,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`http` has the gateway as its base URL; the account does not close it."""
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._renewing = asyncio.Lock()

    @classmethod
    async def log_in(cls, http: httpx.AsyncClient, login: str, password: str) -> Self:
        """Sign in with a username or e-mail. Raises SignedOut for a wrong password."""
        return await cls._begin(http, "login", {"login": login, "password": password})

    @classmethod
    async def register(
        cls, http: httpx.AsyncClient, username: str, email: str, password: str
    ) -> Self:
        """Make a new account. Raises Stopped where the name is taken or a rule is broken."""
        account = {"username": username, "email": email, "password": password}
        return await cls._begin(http, "register", account)

    @classmethod
    async def _begin(
        cls, http: httpx.AsyncClient, operation: str, body: Mapping[str, object]
    ) -> Self:
        answer = await _call(http, "POST", f"/auth/{operation}", body=body)
        return cls(http, tokens_from_json(answer, time.monotonic()))

    async def access_token(self) -> str:
        """A token with some life left."""
        if self._tokens.until - self._clock() < _SPARE_SECONDS:
            return await self.renew(self._tokens.access)
        return self._tokens.access

    async def renew(self, old: str) -> str:
        """A token that is not `old`; callers that come together share one renewal.

        A refresh whose answer was lost may be repeated: the server gives the same successor
        again for 20 s. Raises SignedOut where the session is over.
        """
        async with self._renewing:
            if self._tokens.access == old:
                body = {"refresh_token": self._tokens.refresh}
                answer = await _call(self._http, "POST", "/auth/refresh", body=body)
                self._tokens = tokens_from_json(answer, self._clock())
            return self._tokens.access

    async def log_out(self) -> None:
        """End the session; its sockets close."""
        body = {"refresh_token": self._tokens.refresh}
        await _call(self._http, "POST", "/auth/logout", body=body)

    async def feed(self, limit: int = 20) -> Sequence[Notification]:
        """The newest notifications, newest first."""
        answer = await self.call("GET", f"/notification/feed?limit={limit}")
        return [notification_from_json(one) for one in answer["notifications"]]

    async def unread(self) -> int:
        """How many notifications are unread."""
        count: int = (await self.call("GET", "/notification/unread-count"))["count"]
        return count

    async def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """The `data` of an answer to this account; `path` is below the base path."""
        return await _call(self._http, method, path, body=body, token=await self.access_token())


def tokens_from_json(answer: Mapping[str, Any], now: float) -> Tokens:
    """The tokens in an answer, counted from `now` on."""
    return Tokens(answer["access_token"], answer["refresh_token"], now + answer["expires_in"])


async def _call(
    http: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    token: str = "",
) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        response = await http.request(method, API + path, json=body, headers=headers)
    except httpx.HTTPError as error:
        raise Unreachable(f"the gateway does not answer: {error!r}") from error
    if response.is_success:
        return response.json().get("data") if response.content else None
    raise _refusal(response)


def _refusal(response: httpx.Response) -> Stopped | Unreachable:
    status, why = response.status_code, _message(response)
    if status == httpx.codes.UNAUTHORIZED:
        return SignedOut(why)
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Unreachable(why, seconds_of(response.headers.get("retry-after", "")))
    return Stopped(why)


def _message(response: httpx.Response) -> str:
    """What the envelope says, or else, where something stands before the gateway, the status."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        return f"{response.request.url.path}: {response.status_code}"
    said = response.json()
    issues = "; ".join(f"{one['field']} {one['issue']}" for one in said.get("details", ()))
    return f"{said['message']}: {issues}" if issues else str(said["message"])
