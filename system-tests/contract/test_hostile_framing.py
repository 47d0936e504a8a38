"""What is no proper HTTP/1.1, over a bare socket: refused in the envelope, then closed."""

import asyncio
import json
from typing import Final
from urllib.parse import urlsplit

import pytest
from journeys.people import Platform

PATIENCE_SECONDS: Final = 10
_POST: Final = (
    b"POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n%b\r\n%b"
)
_GET: Final = b"GET /livez HTTP/1.1\r\nhost: x\r\n%b\r\n"
_SOCKET: Final = (
    b"GET /api/v1/notification/ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n"
    b"upgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
)
_CHUNKED: Final = b"transfer-encoding: chunked\r\n"
MALFORMED: Final = {
    "a negative length": _POST % (b"content-length: -1\r\n", b"{}"),
    "a length with an exponent": _POST % (b"content-length: 1e3\r\n", b"{}"),
    "a length with a sign": _POST % (b"content-length: +2\r\n", b"{}"),
    "a length beyond 64 bits": _POST % (b"content-length: 99999999999999999999\r\n", b"{}"),
    "two lengths": _POST % (b"content-length: 2\r\ncontent-length: 3\r\n", b"{}"),
    "two lengths in one field": _POST % (b"content-length: 2, 3\r\n", b"{}"),
    "a length and chunks": _POST % (b"content-length: 2\r\n" + _CHUNKED, b"2\r\n{}\r\n0\r\n\r\n"),
    "chunks and a length": _POST % (_CHUNKED + b"content-length: 2\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    "a chunk size that is not hexadecimal": _POST % (_CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk size": _POST % (_CHUNKED, b"-2\r\n{}\r\n0\r\n\r\n"),
    "chunks that are not the last coding": _POST
    % (b"transfer-encoding: chunked, identity\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    "an unknown transfer coding": _POST % (b"transfer-encoding: gzip\r\n", b"{}"),
    "space before a colon": _GET % b"x : y\r\n",
    "a folded field": _GET % b"x: y\r\n z\r\n",
    "bare line feeds": b"GET /livez HTTP/1.1\nhost: x\n\n",
    "another version": b"GET /livez HTTP/3.7\r\nhost: x\r\n\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a handshake with content": _SOCKET % b"content-length: 5\r\n",
}
LARGE: Final = {
    "a request line of 100 kB": (414, b"GET /livez?" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"),
    "a request line without an end": (414, b"GET /livez?" + b"a" * 100_000),
    "1,000 fields": (431, _GET % b"".join(b"x-%d: y\r\n" % number for number in range(1000))),
    "a field of 100 kB": (431, _GET % (b"x: " + b"y" * 100_000 + b"\r\n")),
    "a socket with 1,000 fields": (431, _SOCKET % (b"x: y\r\n" * 1000)),
}


async def said(platform: Platform, content: bytes) -> tuple[bytes, dict[str, object]]:
    """The status line and the body of the only answer, after which the connection is closed."""
    address = urlsplit(str(platform.connection().base_url))
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(content)
        answer = await reader.read()
        writer.close()
    assert answer.count(b"HTTP/1.1 ") == 1
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in head.lower()
    return head.partition(b"\r\n")[0], json.loads(body)


@pytest.mark.parametrize("what", MALFORMED)
async def test_what_is_malformed_is_invalid_input(platform: Platform, what: str) -> None:
    line, body = await said(platform, MALFORMED[what])
    assert line == b"HTTP/1.1 400 Bad Request"
    assert (body["status"], body["code"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("what", LARGE)
async def test_a_head_that_is_too_large_is_refused_before_anything_reads_it(
    platform: Platform, what: str
) -> None:
    status, content = LARGE[what]
    line, body = await said(platform, content)
    assert line.startswith(b"HTTP/1.1 %d " % status)
    assert body["status"] == status


async def test_a_request_with_a_hundred_fields_is_read(platform: Platform) -> None:
    address = urlsplit(str(platform.connection().base_url))
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(_GET % (b"x: y\r\n" * 98 + b"connection: close\r\n"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()
