"""The head of a request has bounds of size and of time."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from service_kit.health import listen, serve_http

from api_gateway.adapters.http import protocol

HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer everything, once its body has come; a socket is opened and left alone."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        return
    while (await receive()).get("more_body"):
        pass
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"hi"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A server that waits half a second for a head."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.5)
    config = uvicorn.Config(hello, http=protocol.EnvelopedHttp, lifespan="off", log_config=None)
    listener = listen("127.0.0.1", 0)
    number = listener.getsockname()[1]
    async with serve_http(config, listener):
        yield number


async def said(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "pieces",
    [(), (b"\r\n",), (HEAD,), (b"GET ",), (HEAD + b"\r\n", HEAD)],
    ids=["nothing", "a line", "half a head", "half a line", "half a second head"],
)
async def test_a_head_that_does_not_come_to_its_end_is_waited_for_no_longer(
    port: int, pieces: tuple[bytes, ...]
) -> None:
    answer = await said(port, *pieces)
    assert b"HTTP/1.1 408 Request Timeout\r\n" in answer
    assert b'"REQUEST_TIMEOUT"' in answer


async def test_what_is_no_request_is_refused_with_the_fields_that_every_answer_has(
    port: int,
) -> None:
    head, _, body = (await said(port, b"NONSENSE\r\n\r\n")).decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    assert status == "HTTP/1.1 400 Bad Request"
    assert set(fields) == {
        "cache-control",
        "connection",
        "content-length",
        "content-security-policy",
        "content-type",
        "referrer-policy",
        "traceparent",
        "x-content-type-options",
        "x-frame-options",
        "x-request-id",
    }
    assert json.loads(body)["request_id"] == fields["x-request-id"]


async def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD + b"x: ")
    async with asyncio.timeout(5):
        head = asyncio.create_task(reader.readline())
        while not head.done():
            writer.write(b"y" * 4096)
            await asyncio.wait([head], timeout=0.001)
        assert (await head).startswith(b"HTTP/1.1 431 ")
    writer.close()


async def test_a_body_may_take_longer_than_a_head(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab")
    answer = asyncio.create_task(reader.readline())
    assert not (await asyncio.wait([answer], timeout=1.0))[0]
    writer.write(b"cd")
    async with asyncio.timeout(5):
        assert (await answer).startswith(b"HTTP/1.1 200 ")
    writer.close()


ASKING = b"upgrade: websocket\r\nconnection: upgrade\r\n"
VERSION = b"sec-websocket-version: 13\r\n"
KEY = b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"


@pytest.mark.parametrize(
    "head",
    [
        HEAD + ASKING,
        HEAD + ASKING + KEY,
        HEAD + ASKING + VERSION.replace(b"13", b"12") + KEY,
        HEAD + ASKING + VERSION + KEY.replace(b"==", b""),
        HEAD + ASKING + VERSION + KEY + b"sec-websocket-protocol: a b;;\r\n",
        HEAD + ASKING + VERSION + KEY + b"origin: http://a\r\norigin: http://b\r\n",
        HEAD.replace(b"1.1", b"1.0") + ASKING + VERSION + KEY,
        HEAD.replace(b"GET", b"POST") + ASKING + VERSION + KEY + b"content-length: 2\r\n",
    ],
    ids=["nothing", "version", "other version", "key", "protocol", "origins", "HTTP/1.0", "POST"],
)
async def test_no_sound_handshake_is_a_request_like_any_other(port: int, head: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + b"\r\n" + b"{}" * (b"length" in head))
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"\r\n\r\n") + await reader.read(2)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"hi")


async def test_a_socket_that_is_open_is_no_head_that_is_waited_for(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD + ASKING + VERSION + KEY + b"\r\n")
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    frame = asyncio.create_task(reader.read(1))
    assert not (await asyncio.wait([frame], timeout=1.0))[0]
    frame.cancel()
    writer.close()


async def test_who_sends_on_after_a_refusal_still_gets_it(port: int) -> None:
    answer = await said(port, HEAD + b"x : y\r\n\r\n", *[b"z" * 65536] * 10)
    assert answer.startswith(b"HTTP/1.1 400 ")


H2C = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\n" + H2C
LAST = HEAD + b"connection: close\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        (POST + b"content-length: 4\r\n\r\nabcd" + LAST,),
        (POST + b"content-length: 4\r\n\r\n", b"abcd", LAST),
        (POST[:60], POST[60:] + b"content-length: 4\r\n\r\nab", b"cd" + LAST),
        (POST + b"transfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n" + LAST,),
        (HEAD + H2C + b"\r\n" + LAST,),
    ],
    ids=["at once", "body apart", "in the middle", "chunked", "no body"],
)
async def test_who_would_rather_speak_http_2_is_answered_in_this_one(
    port: int, pieces: tuple[bytes, ...]
) -> None:
    answer = await said(port, *pieces)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert answer.count(b"HTTP/1.1 ") == 2


async def test_the_body_of_who_asks_for_http_2_is_no_request(port: int) -> None:
    head = POST.replace(b"Upgrade,", b"Upgrade, close,")
    answer = await said(port, head + b"content-length: %d\r\n\r\n" % len(LAST), LAST)
    assert answer.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.parametrize("asking", [b"", H2C], ids=["alone", "with upgrade"])
async def test_a_tunnel_is_refused(port: int, asking: bytes) -> None:
    answer = await said(port, b"CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n" + asking + b"\r\n", LAST)
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_chunk_that_is_none_ends_the_request_that_it_belongs_to(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    answer = await said(port, head, b"2\r\nab\r\n", b"zz\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("hosts", [b"", b"host: a\r\nHost: b\r\n"], ids=["none", "two"])
async def test_a_request_names_one_host(port: int, hosts: bytes) -> None:
    answer = await said(port, b"GET / HTTP/1.1\r\n" + hosts + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"INVALID_INPUT"' in answer


async def test_a_request_of_http_1_0_may_name_no_host(port: int) -> None:
    assert (await said(port, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_a_connection_between_two_requests_is_no_head_that_is_waited_for(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        writer.write(HEAD + b"\r\n")
        await reader.readuntil(b"hi")
        answer = asyncio.create_task(reader.readline())
        assert not (await asyncio.wait([answer], timeout=1.0))[0]
        writer.write(HEAD + b"\r\n")
        assert (await answer).startswith(b"HTTP/1.1 200 ")
    writer.close()
