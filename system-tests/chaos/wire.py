"""Requests as a careful client makes them: what an answer proves, and what it does not."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from chaos.ledger import Outcome

API: Final = "/api/v1"
TIMEOUT_SECONDS: Final = 18.0  # beyond the gateway's own 15 s for passwords
_RETRY_PAUSES: Final = (0.3, 0.6, 1.2, 2.5, 5.0, 5.0)

_IN_PROGRESS: Final = "IDEMPOTENCY_KEY_IN_USE"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is known after a request. `data` is there for an acknowledged one."""

    outcome: Outcome
    answer: str
    data: Any = field(default=None, repr=False)
    attempts: int = 1


@dataclass(slots=True)
class Wire:
    """HTTP with all gateways in turn; `strange` collects answers that no client should ever get."""

    gateways: Sequence[httpx.AsyncClient]
    strange: list[str] = field(default_factory=list)
    pauses: Sequence[float] = _RETRY_PAUSES
    _turn: int = 0

    async def once(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        key: str = "",
    ) -> Reply:
        """One request, to the first gateway that listens."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= {"idempotency-key": key} if key else {}
        self._turn += 1
        first = self._turn % len(self.gateways)
        for http in (*self.gateways[first:], *self.gateways[:first]):
            try:
                response = await http.request(method, API + path, json=body, headers=headers)
            except httpx.ConnectError:
                continue
            except httpx.HTTPError as error:
                return Reply(Outcome.UNKNOWN, type(error).__name__)
            return self._reply(response)
        return Reply(Outcome.REFUSED, "nobody listens")

    async def until_known(self, method: str, path: str, body: object, *, token: str) -> Reply:
        """The same request under one idempotency key, from any gateway, until it is answered."""
        key = secrets.token_hex(12)
        reply = await self.once(method, path, body, token=token, key=key)
        uncertain = reply.outcome is Outcome.UNKNOWN
        attempts = 1
        for pause in self.pauses:
            if _is_final(reply, uncertain):
                break
            await asyncio.sleep(pause)
            reply = await self.once(method, path, body, token=token, key=key)
            attempts += 1
            uncertain = uncertain or reply.outcome is Outcome.UNKNOWN
        outcome = reply.outcome
        if uncertain and outcome is Outcome.REFUSED and not _was_done_before(reply):
            outcome = Outcome.UNKNOWN
        if uncertain and _was_done_before(reply):
            outcome = Outcome.ACKNOWLEDGED
        return Reply(outcome, reply.answer, reply.data, attempts)

    def _reply(self, response: httpx.Response) -> Reply:
        body = response.json() if response.content else {}
        if response.status_code < 400:
            return Reply(Outcome.ACKNOWLEDGED, str(response.status_code), body.get("data"))
        answer = f"{response.status_code} {body.get('code')}"
        if response.status_code == 500:
            self.strange.append(f"{response.request.method} {response.request.url.path}: {answer}")
        known = response.status_code < 500 and body.get("code") != _IN_PROGRESS
        return Reply(Outcome.REFUSED if known else Outcome.UNKNOWN, answer)


def _is_final(reply: Reply, uncertain: bool) -> bool:
    """Nobody listening says something about this attempt only."""
    if reply.outcome is Outcome.ACKNOWLEDGED:
        return True
    return reply.outcome is Outcome.REFUSED and (not uncertain or reply.answer[:1].isdigit())


def _was_done_before(reply: Reply) -> bool:
    """Whether a refusal says that an earlier attempt has succeeded."""
    return reply.answer.endswith(("ALREADY_FOLLOWING", "FOLLOW_NOT_FOUND", "POST_NOT_FOUND"))
