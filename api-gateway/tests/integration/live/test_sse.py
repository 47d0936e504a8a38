"""The same, as Server-Sent Events."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from httpx_sse import ServerSentEvent
from service_kit.testing import eventually

from tests.live.builders import a_principal
from tests.live.gateway import LiveGateway, dropped, live_gateway, narrow, quick, raw_client


async def following(events: AsyncIterator[ServerSentEvent]) -> ServerSentEvent:
    async with asyncio.timeout(5):
        return await anext(events)


async def test_events_carry_the_seq_as_their_id(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=1, count=2)
    async with gateway.events(gateway.tokens.of(1)) as source:
        assert source.response.headers["content-type"].startswith("text/event-stream")
        assert source.response.headers["cache-control"] == "no-store"
        events = aiter(source.aiter_sse())
        ready = await following(events)
        assert (ready.event, ready.id, ready.json()["seq"]) == ("ready", "2", 2)
        gateway.inboxes.add(user_id=1)
        one = await following(events)
        assert (one.event, one.id, one.json()["data"]["id"]) == ("notification", "3", 103)


async def test_last_event_id_resumes(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=2, count=5)
    async with gateway.events(gateway.tokens.of(2), last_event_id="2") as source:
        events = aiter(source.aiter_sse())
        ready = await following(events)
        assert (ready.event, ready.id, ready.json()["seq"]) == ("ready", "2", 5)
        assert [(await following(events)).id for _ in range(3)] == ["3", "4", "5"]


async def test_the_query_resumes_where_a_browser_cannot_set_a_header(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=3, count=2)
    ticket = await gateway.tickets.issue(a_principal(3))
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", f"{gateway.stream_url}?ticket={ticket}&after_seq=1") as response,
    ):
        lines = aiter(response.aiter_lines())
        async with asyncio.timeout(5):
            while await anext(lines) != "id: 2":
                pass


async def test_withdrawals_and_counts_do_not_move_the_id(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=4, count=2)
    async with gateway.events(gateway.tokens.of(4)) as source:
        events = aiter(source.aiter_sse())
        await following(events)
        gateway.inboxes.withdraw(1, user_id=4)
        gone = await following(events)
        assert (gone.event, gone.id, gone.json()["id"]) == ("withdrawn", "2", 101)
        await gateway.inboxes.mark_all_read(4, None)
        assert (await following(events)).json() == {"type": "unread", "unread": 0}


async def test_too_many_missed_is_a_reset(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=5, count=1002)
    async with gateway.events(gateway.tokens.of(5), last_event_id="1") as source:
        events = aiter(source.aiter_sse())
        await following(events)
        reset = await following(events)
        assert (reset.event, reset.id) == ("reset", "1002")


async def test_a_payload_with_line_breaks_arrives_whole(gateway: LiveGateway) -> None:
    async with gateway.events(gateway.tokens.of(6)) as source:
        events = aiter(source.aiter_sse())
        await following(events)
        gateway.inboxes.payload = b'{\n "a":\r\n 1.0}'
        gateway.inboxes.add(user_id=6)
        gateway.inboxes.payload = b'{"n":1}'
        assert (await following(events)).json()["data"]["payload"] == {"a": 1.0}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "UNAUTHENTICATED"),
        ({"Authorization": "Bearer"}, "INVALID_TOKEN"),
        ({"Authorization": "Bearer a.b.c"}, "INVALID_TOKEN"),
    ],
)
async def test_who_cannot_say_who_calls_gets_401_in_the_envelope(
    gateway: LiveGateway, headers: dict[str, str], code: str
) -> None:
    answer = await gateway.get(gateway.stream_url, **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_in_the_url_is_refused(gateway: LiveGateway) -> None:
    answer = await gateway.get(f"{gateway.stream_url}?access_token={gateway.tokens.of(1)}")
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_IN_URL")


@pytest.mark.parametrize(
    ("query", "again"), [("", "x"), ("?after_seq=-1", None), ("?after_seq=-1", "7")]
)
async def test_a_seq_that_is_none_is_a_bad_request(
    gateway: LiveGateway, query: str, again: str | None
) -> None:
    fields = gateway.bearer() | ({} if again is None else {"Last-Event-ID": again})
    answer = await gateway.get(gateway.stream_url + query, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")


async def test_another_site_is_refused(gateway: LiveGateway) -> None:
    fields = {**gateway.bearer(), "Origin": "https://evil.example"}
    answer = await gateway.get(gateway.stream_url, **fields)
    assert (answer.status_code, answer.json()["code"]) == (403, "ORIGIN_NOT_ALLOWED")


async def test_head_is_answered_and_ends(gateway: LiveGateway) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.head(gateway.stream_url, headers=gateway.bearer())
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_both_carriers_count_as_connections_of_a_user() -> None:
    async with (
        live_gateway(quick(connections_per_user=1)) as gateway,
        gateway.socket(gateway.tokens.of()) as client,
    ):
        await client.resume()
        answer = await gateway.get(gateway.stream_url, **gateway.bearer())
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_CONNECTIONS")


async def test_a_client_that_goes_is_forgotten(gateway: LiveGateway) -> None:
    async with gateway.events(gateway.tokens.of(7)) as source:
        await following(aiter(source.aiter_sse()))
        assert 7 in gateway.hub.user_ids()
    await eventually(lambda: 7 not in gateway.hub.user_ids())


async def test_comments_keep_it_alive() -> None:
    async with (
        live_gateway(quick(heartbeat_seconds=0.1)) as gateway,
        gateway.events() as source,
        asyncio.timeout(5),
    ):
        lines = aiter(source.response.aiter_lines())
        for _ in range(3):
            while await anext(lines) != ": ping":
                pass


async def test_it_ends_with_its_token() -> None:
    async with (
        live_gateway(quick(warning_seconds=0.5)) as gateway,
        gateway.events(gateway.tokens.of(seconds=4)) as source,  # so long it may take to begin
    ):
        async with asyncio.timeout(15):
            events = [event async for event in source.aiter_sse()]
    assert [event.event for event in events] == ["ready", "token_expiring", "error"]
    assert events[-1].json()["code"] == "TOKEN_EXPIRED"


async def test_when_the_gateway_ends_it_says_when_to_come_back() -> None:
    async with live_gateway() as gateway:
        async with gateway.events() as source:
            events = aiter(source.aiter_sse())
            await following(events)
            ending = asyncio.create_task(gateway.hub.close())
            last = await following(events)
            assert (last.event, last.json()["code"]) == ("error", "RESTARTING")
            with pytest.raises(StopAsyncIteration):
                await following(events)
        await ending
        refused = await gateway.get(gateway.stream_url, **gateway.bearer())
        assert (refused.status_code, refused.json()["code"]) == (503, "RESTARTING")
        assert "retry-after" in refused.headers


async def test_who_reads_too_slowly_is_ended() -> None:
    request = "GET /api/v1/notification/stream HTTP/1.1\r\nConnection: close"
    async with (
        live_gateway(quick(queue=40, page=10, closing_seconds=5.0)) as gateway,
        raw_client(gateway, request, narrow(gateway)) as (reader, _),
    ):
        before = dropped("sse")
        gateway.inboxes.payload = json.dumps("x" * 16_000).encode()
        await reader.readuntil(b"event: ready")
        gateway.inboxes.add(count=200)
        await eventually(lambda: dropped("sse") > before)
        async with asyncio.timeout(8):
            text = await reader.read(-1)
        assert b'"code":"CLIENT_TOO_SLOW"' in text
        assert 0 < text.count(b"event: notification") < 200
