"""What an answer proves, and what a careful client may conclude from several."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from chaos.ledger import Outcome
from chaos.wire import Wire

Script = list[httpx.Response | Exception]


def answer(status: int, code: str = "") -> httpx.Response:
    """A response in the envelope."""
    return httpx.Response(status, json={"status": status, "code": code, "data": {"id": 7}})


class Server:
    """Answers in turn, and keeps the requests."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self._script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def wire_to(server: Callable[[httpx.Request], httpx.Response]) -> Wire:
    """A wire with one gateway and no patience to test."""
    transport = httpx.MockTransport(server)
    client = httpx.AsyncClient(base_url="http://gateway", transport=transport)
    return Wire([client], pauses=(0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (answer(200), Outcome.ACKNOWLEDGED),
        (answer(409, "ALREADY_FOLLOWING"), Outcome.REFUSED),
        (answer(503, "UNAVAILABLE"), Outcome.UNKNOWN),
        (answer(504, "DEADLINE_EXCEEDED"), Outcome.UNKNOWN),
        (answer(409, "IDEMPOTENCY_KEY_IN_USE"), Outcome.UNKNOWN),
        (httpx.ReadTimeout("late"), Outcome.UNKNOWN),
        (httpx.RemoteProtocolError("gone"), Outcome.UNKNOWN),
        (httpx.ConnectError("nobody"), Outcome.REFUSED),
    ],
)
async def test_an_answer_says_whether_it_has_happened(
    step: httpx.Response | Exception, outcome: Outcome
) -> None:
    reply = await wire_to(Server([step])).once("POST", "/posts", {})
    assert reply.outcome is outcome


async def test_an_internal_error_is_strange() -> None:
    one = wire_to(Server([answer(500, "INTERNAL")]))
    await one.once("POST", "/posts", {})
    assert len(one.strange) == 1


async def test_an_unclear_request_is_repeated_under_its_key() -> None:
    server = Server([answer(503), httpx.ConnectError("nobody"), answer(201)])
    reply = await wire_to(server).until_known("POST", "/posts", {}, token="t")
    assert (reply.outcome, reply.attempts) == (Outcome.ACKNOWLEDGED, 3)
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1


async def test_a_refusal_after_an_unclear_answer_can_prove_that_it_had_happened() -> None:
    server = Server([httpx.ReadTimeout("late"), answer(409, "ALREADY_FOLLOWING")])
    reply = await wire_to(server).until_known("POST", "/relation/follow", {}, token="t")
    assert reply.outcome is Outcome.ACKNOWLEDGED


async def test_any_other_refusal_after_an_unclear_answer_proves_nothing() -> None:
    server = Server([httpx.ReadTimeout("late"), answer(404, "USER_NOT_FOUND")])
    reply = await wire_to(server).until_known("POST", "/relation/follow", {}, token="t")
    assert reply.outcome is Outcome.UNKNOWN


async def test_what_stays_unclear_is_unknown() -> None:
    server = Server([answer(503)] * 3 + [httpx.ConnectError("nobody")])
    reply = await wire_to(server).until_known("POST", "/posts", {}, token="t")
    assert (reply.outcome, reply.attempts) == (Outcome.UNKNOWN, 4)


async def test_a_gateway_that_is_gone_is_left_for_another_whatever_others_do() -> None:
    def deaf(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody", request=request)

    def well(request: httpx.Request) -> httpx.Response:
        return answer(200)

    clients = [
        httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handler))
        for handler in (deaf, well)
    ]
    both = Wire(clients)
    replies = await asyncio.gather(*(both.once("GET", "/posts/list") for _ in range(20)))
    assert {reply.outcome for reply in replies} == {Outcome.ACKNOWLEDGED}
