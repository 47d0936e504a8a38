"""What a socket may say, how it is kept alive, and how it ends."""

import asyncio
import json
import re
import socket

from service_kit.testing import eventually

from tests.live.gateway import LiveGateway, dropped, live_gateway, narrow, quick, raw_client

UPGRADE = (
    "GET /api/v1/notification/ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
)
LONG = json.dumps("x" * 16_000).encode()


async def test_a_ping_is_answered(gateway: LiveGateway) -> None:
    async with gateway.socket() as client:
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}


async def test_what_makes_no_sense_is_an_error_frame(gateway: LiveGateway) -> None:
    bad = {
        "": "INVALID_INPUT",
        "{": "INVALID_INPUT",
        "[]": "INVALID_INPUT",
        '{"type": 3}': "INVALID_INPUT",
        '{"type": "dance"}': "UNKNOWN_TYPE",
        '{"type": "resume", "after_seq": "1"}': "INVALID_INPUT",
        '{"type": "resume", "after_seq": true}': "INVALID_INPUT",
        '{"type": "resume", "after_seq": -1}': "VALIDATION_FAILED",
        '{"type": "read", "id": 1}': "RESUME_FIRST",
    }
    async with gateway.socket() as client:
        for text, code in bad.items():
            await client.connection.send(text)
            frame = await client.hear("error")
            assert (frame["code"], text) == (code, text)
        assert (await client.resume())["type"] == "ready"


async def test_errors_after_the_first_frame(gateway: LiveGateway) -> None:
    async with gateway.socket() as client:
        await client.resume()
        await client.say(type="resume", after_seq=1)
        assert (await client.hear("error"))["code"] == "RESUMED_ALREADY"
        await client.say(type="read")
        assert (await client.hear("error"))["message"] == "validation failed: id is required"
        await client.connection.send(b'{"type":"ping"}')
        assert (await client.hear("error"))["code"] == "INVALID_INPUT"


async def test_too_many_bad_frames_end_the_socket() -> None:
    async with live_gateway(quick(bad_frames=3)) as gateway, gateway.socket() as client:
        for _ in range(2):
            await client.connection.send("?")
            await client.hear("error")
        await client.say(type="ping")
        await client.hear("pong")
        for _ in range(3):
            await client.connection.send("?")
        assert await client.closed() == (1008, "too many bad frames")


async def test_a_frame_that_is_too_large_ends_the_socket(gateway: LiveGateway) -> None:
    async with gateway.socket() as client:
        await client.connection.send(json.dumps({"type": "ping", "pad": "x" * 4096}))
        assert (await client.closed())[0] == 1009


async def test_it_is_the_gateway_too_that_minds_the_size_not_the_server_alone() -> None:
    async with live_gateway(ws_max_size=1 << 20) as gateway, gateway.socket() as client:
        await client.connection.send(json.dumps({"type": "ping", "pad": "ä" * 2048}))
        assert await client.closed() == (1009, "frame too large")


async def test_a_client_that_never_resumes_goes_on_from_now() -> None:
    async with live_gateway(quick(resume_seconds=0.1)) as gateway:
        gateway.inboxes.add(count=2)
        async with gateway.socket() as client:
            assert await client.hear() == {"type": "ready", "seq": 2, "unread": 2}


async def test_it_is_told_that_the_inboxes_are_away() -> None:
    async with live_gateway(quick(answer_seconds=0.1)) as gateway:
        await gateway.service.stop()
        async with gateway.socket() as client:
            await client.say(type="resume")
            assert (await client.hear("error"))["code"] == "UNAVAILABLE"
            await gateway.service.start()
            await client.hear("ready")


async def test_heartbeats_come_again_and_again() -> None:
    async with live_gateway(quick(heartbeat_seconds=0.1)) as gateway, gateway.socket() as client:
        for _ in range(3):
            await client.hear("ping")
            await client.say(type="pong")


async def test_a_dead_peer_is_found() -> None:
    async with (
        live_gateway(ws_ping_interval=0.1, ws_ping_timeout=0.2) as gateway,
        raw_client(gateway, UPGRADE),
    ):
        await eventually(lambda: list(gateway.hub.user_ids()) == [1])
        await eventually(lambda: list(gateway.hub.user_ids()) == [])


async def test_who_reads_too_slowly_is_closed_with_4408_and_resumes() -> None:
    async with live_gateway(quick(queue=40, page=10, closing_seconds=5.0)) as gateway:
        before = dropped("websocket")
        slow = gateway.socket(sock=narrow(gateway), max_queue=1)
        async with slow as client:
            await client.resume()
            gateway.inboxes.payload = LONG
            gateway.inboxes.add(count=200)
            await eventually(lambda: dropped("websocket") > before)
            seqs = [frame["seq"] async for frame in client.frames() if "data" in frame]
            assert client.connection.close_code == 4408
        assert seqs == list(range(1, len(seqs) + 1))
        assert 0 < len(seqs) < 200
        async with gateway.socket() as again:
            await again.resume(seqs[-1])
            rest = [(await again.hear("notification"))["seq"] for _ in range(200 - len(seqs))]
        assert seqs + rest == list(range(1, 201))


async def test_a_client_that_takes_not_even_its_close_frame_is_let_go() -> None:
    async with (
        live_gateway(quick(queue=40, page=10, closing_seconds=0.2, resume_seconds=0.05)) as gateway,
        raw_client(gateway, UPGRADE, narrow(gateway)) as (reader, _),
    ):
        await reader.readuntil(b'"ready"')
        gateway.inboxes.payload = LONG
        gateway.inboxes.add(count=200)
        await eventually(lambda: list(gateway.hub.user_ids()) == [])


async def test_when_the_gateway_ends_clients_are_told_when_to_come_back() -> None:
    async with live_gateway() as gateway:
        async with gateway.socket() as client:
            await client.resume()
            ending = asyncio.create_task(gateway.hub.close())
            code, reason = await client.closed()
            assert code == 1012
            assert re.fullmatch(r"restarting; retry_after_ms=\d+", reason)
        await ending
        async with gateway.socket() as late:
            assert (await late.closed())[0] == 1012


async def test_the_kernel_ends_connections_that_are_never_read(gateway: LiveGateway) -> None:
    assert gateway.listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
