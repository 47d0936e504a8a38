"""Who comes to a service that is full is refused at the end of its head, in the same envelope."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import REGISTRY
from service_kit.testing import eventually

from api_gateway.adapters.http import protocol
from api_gateway.adapters.http.operations import routes_of
from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.door_world import GET, ORIGIN, PUT, Place, connected, opened
from tests.unit.http.things import Things


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with opened(monkeypatch) as found:
        yield found


async def test_the_refusal_is_the_one_that_the_pipeline_makes(place: Place) -> None:
    routes = routes_of(Things(), tag="things")
    async with served(routes, EdgeOfTest(places=0, origins=[ORIGIN])) as http:
        known = await http.get("/things", headers={"x-request-id": "abc", "origin": ORIGIN})
    place.fill()
    async with connected(place) as client:
        status, fields, body = await client.ask(
            GET, b"X-Request-Id: abc\r\norigin: ", ORIGIN.encode(), b"\r\n\r\n"
        )
    assert status == known.status_code == 503
    own = {"date", "server", "traceparent"}
    assert set(fields) - set(known.headers) == {"date", "server"}
    assert set(known.headers) <= set(fields)
    assert all(fields[name] == known.headers[name] for name in set(fields) - own)
    expected = known.json() | {"timestamp": json.loads(body)["timestamp"]}
    assert json.loads(body) == expected
    assert expected["code"] == "SERVER_OVERLOADED"


async def test_each_refusal_has_a_request_id_of_its_own(place: Place) -> None:
    place.fill()
    async with connected(place) as client:
        answers = [await client.ask(GET, b"\r\n") for _ in range(2)]
    ids = {fields["x-request-id"] for _, fields, _ in answers}
    assert len(ids) == 2
    assert ids == {json.loads(body)["request_id"] for _, _, body in answers}


async def test_the_next_request_of_the_connection_may_be_let_in(place: Place) -> None:
    place.fill()
    async with connected(place) as client:
        assert (await client.ask(GET, b"\r\n"))[0] == 503
        place.clear()
        assert (await client.ask(GET, b"\r\n"))[0] == 200
        place.fill()
        assert (await client.ask(GET, b"\r\n"))[0] == 503


async def test_a_small_body_is_read_past(place: Place) -> None:
    place.fill()
    async with connected(place) as client:
        assert (await client.ask(PUT, b"content-length: 7\r\n\r\n", b"GET"))[0] == 503
        place.clear()
        client.writer.write(b" / H")
        assert (await client.ask(GET, b"\r\n"))[0] == 200


@pytest.mark.parametrize(
    "field",
    [
        b"content-length: 70000",
        b"transfer-encoding: chunked",
        b"content-length: 4\r\nexpect: 100-continue",
    ],
    ids=["large", "chunked", "waits to be told"],
)
async def test_any_other_body_is_not_waited_for(place: Place, field: bytes) -> None:
    place.fill()
    async with connected(place) as client:
        status, fields, _ = await client.ask(PUT, field, b"\r\n\r\n")
        assert (status, fields["connection"]) == (503, "close")
        assert await client.is_closed()


async def test_who_asks_to_have_the_connection_closed_is_obeyed(place: Place) -> None:
    place.fill()
    for request in (GET + b"connection: close\r\n\r\n", b"GET /api/v1/things HTTP/1.0\r\n\r\n"):
        async with connected(place) as client:
            status, fields, _ = await client.ask(request)
            assert (status, fields["connection"]) == (503, "close")
            assert await client.is_closed()


async def test_requests_in_one_packet_are_refused_one_by_one(place: Place) -> None:
    place.fill()
    async with connected(place) as client:
        client.writer.write((GET + b"x-request-id: a\r\n\r\n") + (GET + b"x-request-id: b\r\n\r\n"))
        ids = [(await client.ask())[1]["x-request-id"] for _ in range(2)]
    assert ids == ["a", "b"]


async def test_no_refusal_overtakes_the_answer_before_it(place: Place) -> None:
    slow = GET.replace(b"/things", b"/slow")
    async with connected(place) as client:
        client.writer.write(slow + b"x-request-id: a\r\n\r\n")
        await eventually(lambda: place.things.entered == 1)
        place.fill()
        client.writer.write(GET + b"x-request-id: b\r\n\r\n")
        place.things.gate.set()
        ids = [(await client.ask())[1]["x-request-id"] for _ in range(2)]
    assert ids == ["a", "b"]


async def test_a_refused_head_has_no_body(place: Place) -> None:
    place.fill()
    async with connected(place) as client:
        head = GET.replace(b"GET", b"HEAD") + b"\r\n"
        status, fields, _ = await client.ask(head, with_body=False)
        assert (status, fields["content-type"]) == (503, "application/json")
        place.clear()
        assert (await client.ask(GET, b"\r\n"))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("OPTIONS", "/api/v1/things", 204),
        ("GET", "/nothing", 404),
        ("DELETE", "/api/v1/things", 405),
    ],
)
async def test_what_waits_for_no_service_is_answered(
    place: Place, method: str, path: str, status: int
) -> None:
    place.fill()
    async with connected(place) as client:
        request = f"{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
        assert (await client.ask(request))[0] == status


async def test_who_waits_for_a_hash_has_places_of_its_own(place: Place) -> None:
    place.fill()
    place.things.gate.set()
    async with connected(place) as client:
        put = PUT.replace(b"/things/all", b"/slow")
        assert (await client.ask(put, b"\r\n"))[0] == 200


async def test_few_connections_are_never_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "FEW_CONNECTIONS", 64)
    place.fill()
    async with connected(place) as client:
        assert (await client.ask(GET, b"\r\n"))[0] == 200


async def test_sockets_are_none_of_the_connections_that_are_few_or_many(place: Place) -> None:
    upgrade = (
        b"GET /api/v1/live HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    async with connected(place) as one, connected(place) as other:
        assert (await one.ask(GET, b"\r\n"))[0] == (await other.ask(GET, b"\r\n"))[0] == 200
        assert place.door.connections == 2
        await one.ask(upgrade)
        assert place.door.connections == 1
    await eventually(lambda: place.door.connections == 0)


async def test_a_refusal_is_counted_as_any_answer_is(place: Place) -> None:
    labels = {"method": "GET", "route": "/api/v1/things", "status": "503"}
    before = list(counts(labels))
    place.fill()
    async with connected(place) as client:
        await client.ask(GET, b"\r\n")
    assert [now - then for now, then in zip(counts(labels), before, strict=True)] == [1, 1, 1]


async def test_who_waits_counts_until_it_is_answered_and_not_twice(place: Place) -> None:
    slow = GET.replace(b"/things", b"/slow") + b"\r\n"
    async with connected(place) as one, connected(place) as other:
        one.writer.write(slow)
        other.writer.write(slow)
        await eventually(lambda: place.things.entered == 2)
        assert place.crowd.waiting == 2
        place.things.gate.set()
        assert [(await client.ask())[0] for client in (one, other)] == [200, 200]
    assert place.crowd.waiting == 0


def counts(labels: dict[str, str]) -> Iterator[float]:
    """How many requests there were, how many times were taken, how many were shed."""
    yield REGISTRY.get_sample_value("pinstack_http_requests_total", labels) or 0
    yield REGISTRY.get_sample_value("pinstack_http_request_duration_seconds_count", labels) or 0
    yield REGISTRY.get_sample_value("pinstack_shed_total", {"scope": "http"}) or 0
