"""What every operation has from the edge, whatever it does."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from service_kit.testing import eventually

from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.things import Things, things

MEBIBYTE = 1024 * 1024

ELSEWHERE = "http://gateway"


async def test_success_and_refusal_stand_in_their_envelopes() -> None:
    edge = EdgeOfTest()
    async with served(things(), edge) as client:
        good = await client.get("/things/5", headers=edge.tokens.fields(1))
        bad = await client.get("/things/404", headers=edge.tokens.fields(1))
    assert good.json()["status"] == 200
    assert good.json()["data"] == {"number": 5, "caller": 1}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", good.json()["timestamp"])
    assert bad.status_code == 404
    assert bad.json() == {
        "status": 404,
        "error": "thing not found",
        "message": "thing not found",
        "code": "THING_NOT_FOUND",
        "timestamp": bad.json()["timestamp"],
        "request_id": bad.headers["x-request-id"],
    }


async def test_every_answer_carries_its_identity_and_the_security_fields() -> None:
    async with served(things()) as client:
        for answer in (
            await client.get("/things"),
            await client.get("/nowhere"),
            await client.put("/things/all"),
        ):
            assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
            assert re.fullmatch(
                r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", answer.headers["traceparent"]
            )
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "cache-control" in answer.headers


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1.2_3:4", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("", False)],
)
async def test_a_sane_request_id_is_kept_and_another_replaced(given: str, kept: bool) -> None:
    async with served(things()) as client:
        answer = await client.get("/things", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is kept


async def test_the_trace_of_the_caller_goes_on() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with served(things()) as client:
        answer = await client.get("/things", headers={"traceparent": parent})
    assert answer.headers["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_an_unknown_path_and_a_wrong_method_are_told_in_the_envelope() -> None:
    async with served(things()) as client:
        unknown = await client.get("/nothing/here")
        wrong = await client.delete("/things")
        static = await client.get("/things/all")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert static.status_code == 405, "a static path beats a parameter"
    assert static.headers["allow"] == "OPTIONS, PUT"


async def test_a_trailing_slash_is_the_same_operation() -> None:
    async with served(things()) as client:
        assert (await client.get("/things/")).json()["data"]["page"] == 1
        assert (await client.put("/things/all/")).status_code == 204


async def test_head_answers_what_get_does_without_the_body() -> None:
    async with served(things()) as client:
        get, head = await client.get("/things"), await client.head("/things")
        missing = await client.head("/nowhere")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "content-length", "etag"):
        assert head.headers[name] == get.headers[name]
    assert (missing.status_code, missing.content) == (404, b"")


async def test_a_crash_is_an_internal_error_without_detail() -> None:
    edge = EdgeOfTest()
    async with served(things(), edge) as client:
        answer = await client.get("/things/500", headers=edge.tokens.fields(1))
    assert answer.status_code == 500
    assert (answer.json()["code"], answer.json()["message"]) == ("INTERNAL", "internal error")
    assert "Zero" not in answer.text


async def test_what_is_slower_than_the_deadline_is_a_timeout() -> None:
    async with served(things(), EdgeOfTest(timeout_seconds=0.02)) as client:
        answer = await client.get("/slow")
    assert answer.status_code == 504
    assert answer.json()["message"] == "external service timeout"


async def test_what_hashes_a_password_has_a_deadline_of_its_own() -> None:
    resource = Things()
    edge = EdgeOfTest(timeout_seconds=5, password_timeout_seconds=0.02)
    async with served(things(resource), edge) as client:
        late = await client.put("/slow")
        resource.gate.set()
        in_time = await client.get("/slow")
    assert (late.status_code, in_time.status_code) == (504, 200)


async def test_beyond_the_bound_requests_are_shed_at_once_and_served_again_later() -> None:
    resource = Things()
    async with served(things(resource), EdgeOfTest(places=2)) as client:
        held = [asyncio.create_task(client.get("/slow")) for _ in range(2)]
        await eventually(lambda: resource.entered == 2)
        shed = await client.get("/things")
        resource.gate.set()
        assert [(await task).status_code for task in held] == [200, 200]
        again = await client.get("/things")
    assert (shed.status_code, shed.json()["code"]) == (503, "SERVER_OVERLOADED")
    assert int(shed.headers["retry-after"]) >= 1
    assert again.status_code == 200


async def test_a_body_that_says_it_is_too_large_is_refused() -> None:
    edge = EdgeOfTest(max_body_bytes=1024)
    async with served(things(), edge) as client:
        answer = await client.post("/things", content=b"x" * 1025, headers=edge.tokens.fields(1))
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_without_end_is_cut_off() -> None:
    edge = EdgeOfTest(max_body_bytes=1024)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * MEBIBYTE

    async with served(things(), edge) as client:
        answer = await client.post("/things", content=endless(), headers=edge.tokens.fields(1))
    assert answer.status_code == 413
    assert sent <= 20


async def test_a_client_that_does_not_send_its_body_is_told_so() -> None:
    edge = EdgeOfTest(timeout_seconds=1.0)
    forever = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await forever.wait()

    async with served(things(), edge) as client:
        answer = await client.post("/things", content=stuck(), headers=edge.tokens.fields(1))
    assert (answer.status_code, answer.json()["code"]) == (408, "REQUEST_TIMEOUT")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("authorization", "code", "message"),
    [
        (None, "UNAUTHENTICATED", "unauthenticated"),
        ("", "INVALID_TOKEN", "invalid token"),
        ("Bearer", "INVALID_TOKEN", "invalid token"),
        ("Bearer u.1.s1 extra", "INVALID_TOKEN", "invalid token"),
        ("Basic u.1.s1", "INVALID_TOKEN", "invalid token"),
        ("Bearer nonsense", "INVALID_TOKEN", "invalid token"),
        ("Bearer u.1", "INVALID_TOKEN", "invalid token"),
        ("Bearer x.1.s1", "INVALID_TOKEN", "invalid token"),
        ("Bearer " + "r" * 43, "UNAUTHENTICATED", "unauthenticated"),
        ("Bearer u.2.s1", "TOKEN_EXPIRED", "token expired"),
        ("Bearer u.3.s1", "UNAUTHENTICATED", "unauthenticated"),
    ],
)
async def test_token_errors_come_in_their_order_before_the_body_is_looked_at(
    authorization: str | None, code: str, message: str
) -> None:
    edge = EdgeOfTest()
    edge.tokens.expired.add(edge.tokens.of(2))
    edge.tokens.revoked.add(edge.tokens.of(3))
    headers = {} if authorization is None else {"Authorization": authorization}
    async with served(things(), edge) as client:
        answer = await client.post("/things", content=b"{not json", headers=headers)
    assert answer.status_code == 401
    assert (answer.json()["code"], answer.json()["message"]) == (code, message)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_scheme_is_read_without_regard_to_case() -> None:
    async with served(things()) as client:
        answer = await client.get("/things/1", headers={"Authorization": "bearer u.1.s1"})
    assert answer.status_code == 200


async def test_reads_need_a_token_unless_they_are_open_and_then_ignore_any() -> None:
    bad = {"Authorization": "Bearer nonsense"}
    async with served(things()) as client:
        assert (await client.get("/things/5")).status_code == 401
    async with served(things(), EdgeOfTest(reads_are_open=True)) as client:
        for headers in ({}, bad, {"Authorization": "Bearer u.1.s1"}):
            answer = await client.get("/things/5", headers=headers)
            assert answer.json()["data"] == {"number": 5}
        assert (await client.post("/things", json={})).status_code == 401


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        ("", {"page": 1, "limit": 20, "tags": []}),
        ("?page=3&limit=100", {"page": 3, "limit": 100, "tags": []}),
        ("?limit=101", {"page": 1, "limit": 20, "tags": []}),
        ("?limit=x", {"page": 1, "limit": 20, "tags": []}),
        ("?limit=", {"page": 1, "limit": 20, "tags": []}),
        ("?limit=0", {"page": 1, "limit": 20, "tags": []}),
        ("?tag=a&tag=b%20c", {"page": 1, "limit": 20, "tags": ["a", "b c"]}),
        ("?page=2&page=3&unknown=1", {"page": 2, "limit": 20, "tags": []}),
    ],
)
async def test_queries_are_understood(query: str, understood: dict[str, object]) -> None:
    async with served(things()) as client:
        assert (await client.get(f"/things{query}")).json()["data"] == understood


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "page=1.0",
        "page=" + "9" * 400,
        "page=" + "0" * 16_000 + "x",
        "tag=%ff",
        "a=1&" * 101 + "b=1",
    ],
)
async def test_a_query_that_cannot_be_decoded_is_invalid_input(query: str) -> None:
    async with served(things()) as client:
        answer = await client.get(f"/things?{query}")
    assert (answer.status_code, answer.json()["message"]) == (400, "invalid input")
