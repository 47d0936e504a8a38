"""Routes beside the operations: they answer for themselves, the edge for what they raise."""

from collections.abc import Mapping
from typing import Any

import httpx
from service_kit import metrics
from service_kit.errors import Unauthenticated, Unavailable
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from api_gateway.domain.limit import Limit
from tests.fakes.limiter import InMemoryLimiter
from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.things import things


async def stream(request: Request) -> Response:
    if "broken" in request.query_params:
        raise Unavailable
    if "token" not in request.query_params:
        raise Unauthenticated
    return PlainTextResponse(f"data: {request.path_params['name']}")


async def sock(websocket: WebSocket) -> None:
    if "token" not in websocket.query_params:
        raise Unauthenticated
    await websocket.accept()
    if "crash" in websocket.query_params:
        raise ZeroDivisionError
    await websocket.close(1000)


BAD = {"Authorization": "Bearer nonsense"}
LIVE = [
    Route("/live/{name}/stream", stream, methods=["GET"]),
    WebSocketRoute("/live/socket", sock),
]


async def test_a_stream_is_served_with_the_fields_of_every_answer() -> None:
    app = EdgeOfTest().app(things(), LIVE)
    start, body = await talk(app, "http", "/live/ada/stream", b"token=1")
    assert body["body"] == b"data: ada"
    names = {name for name, _ in start["headers"]}
    assert {b"x-request-id", b"traceparent", b"x-content-type-options"} <= names


async def test_a_stream_has_its_methods() -> None:
    async with served(things(), live=LIVE) as client:
        wrong = await client.post("http://gateway/live/ada/stream")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_what_a_stream_raises_before_it_begins_stands_in_the_envelope() -> None:
    edge = EdgeOfTest().app(things(), LIVE)
    for query, status in ((b"", 401), (b"broken=1", 503)):
        sent = await talk(edge, "http", "/live/ada/stream", query)
        assert sent[0]["status"] == status
        assert b'"request_id"' in sent[1]["body"]


def recognised() -> list[float]:
    """How often tokens were found good and bad, by reason."""
    return [sample.value for each in metrics.AUTHENTICATION.collect() for sample in each.samples]


async def test_a_stream_counts_against_who_asks_for_it() -> None:
    limits = {scope: Limit(scope, 1) for scope in ("anonymous", "user")}
    edge = EdgeOfTest(limiter=InMemoryLimiter(), limits=limits)
    before = recognised()
    path = "http://gateway/live/ada/stream?token=1"
    transport = httpx.ASGITransport(app=edge.app(things(), LIVE))
    async with httpx.AsyncClient(transport=transport) as client:
        answers = [await client.get(path, headers=edge.tokens.fields(7)) for _ in range(2)]
        answers += [await client.get(path, headers=fields) for fields in ({}, BAD)]
    assert [answer.status_code for answer in answers] == [200, 429, 200, 429]
    assert [answer.headers["ratelimit"][:11] for answer in answers] == [
        *['"user";r=0;'] * 2,
        *['"anonymous"'] * 2,
    ]
    assert answers[1].headers["retry-after"]
    assert recognised() == before  # the stream itself counts whom it knows and refuses


async def test_a_socket_path_asked_without_upgrade_says_that_it_is_one() -> None:
    async with served(things(), live=LIVE) as client:
        answer = await client.get("http://gateway/live/socket")
        other = await client.put("http://gateway/live/socket")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert answer.headers["sec-websocket-version"] == "13"
    assert (other.status_code, other.headers["allow"]) == (405, "GET, OPTIONS")


async def test_a_socket_is_opened_or_refused_in_the_envelope() -> None:
    app = EdgeOfTest().app(things(), LIVE)
    opened = await talk(app, "websocket", "/live/socket", b"token=1")
    assert [one["type"] for one in opened] == ["websocket.accept", "websocket.close"]
    names = {name for name, _ in opened[0]["headers"]}
    assert {b"x-request-id", b"traceparent", b"x-content-type-options"} <= names
    for path in ("/live/socket", "/nowhere", "/api/v1/things"):
        start, body = await talk(app, "websocket", path)
        assert start["type"] == "websocket.http.response.start"
        assert start["status"] == (401 if path == "/live/socket" else 404)
        assert b'"error"' in body["body"]


async def test_a_server_that_cannot_refuse_with_a_body_closes() -> None:
    app = EdgeOfTest().app(things(), LIVE)
    (closed,) = await talk(app, "websocket", "/nowhere", extensions={})
    assert closed == {"type": "websocket.close", "code": 1008}


async def test_a_crash_on_an_open_socket_ends_with_nothing_more_than_its_log() -> None:
    app = EdgeOfTest().app(things(), LIVE)
    sent = await talk(app, "websocket", "/live/socket", b"token=1&crash=1")
    assert [one["type"] for one in sent] == ["websocket.accept"]


async def test_lifespan_is_not_spoken() -> None:
    assert await talk(EdgeOfTest().app(things()), "lifespan", "/") == []


async def talk(
    app: Any,
    kind: str,
    path: str,
    query: bytes = b"",
    extensions: Mapping[str, Any] = {"websocket.http.response": {}},
) -> list[Mapping[str, Any]]:
    """What the application sends to one connection that says nothing."""
    sent: list[Mapping[str, Any]] = []
    opening = {"http": "http.request", "websocket": "websocket.connect"}.get(kind, kind)

    async def receive() -> Mapping[str, Any]:
        return {"type": opening, "body": b""}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [],
        "client": ("203.0.113.9", 1),
        "extensions": dict(extensions),
    }
    if kind == "http":
        scope["method"] = "GET"
    await app(scope, receive, send)
    return sent
