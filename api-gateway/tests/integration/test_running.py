"""The whole gateway, composed as in production, over services in this process and a real Redis."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from service_kit.runtime import Running
from service_kit.testing import eventually, free_port

from api_gateway.config import Settings
from api_gateway.main import running
from tests.fakes.platform import PASSWORD, Platform, platform_running

PEERS = ("USER", "AUTH", "POST", "RELATION", "NOTIFICATION")


@asynccontextmanager
async def gateway(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, port: int, **environment: str
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    """The gateway over services at `port`, and a client of it."""
    given = {f"{peer}_GRPC_ADDRESS": f"127.0.0.1:{port}" for peer in PEERS} | {
        "GATEWAY_PORT": "0",
        "GATEWAY_ADMIN_PORT": "0",
        "GATEWAY_CURSOR_SECRET": "a secret of sixteen or more",
        "DRAIN_SECONDS": "1",
        "REDIS_URL": redis_url,
        **environment,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    async with running(Settings()) as here:
        here.health.started()
        base = f"http://127.0.0.1:{here.port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=5) as client:
            yield here, client


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with platform_running() as there:
        yield there


async def ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def signed_in(client: httpx.AsyncClient) -> dict[str, str]:
    """The header of a request by Ada."""
    await eventually(lambda: ready(client))
    answer = await client.post("/api/v1/auth/login", json={"login": "ada", "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}


async def test_a_real_token_opens_what_it_should_until_it_is_revoked(
    platform: Platform, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(monkeypatch, redis_url, platform.port) as (_, client):
        fields = await signed_in(client)
        answer = await client.get("/api/v1/users/1", headers=fields)
        assert (answer.status_code, answer.json()["data"]["email"]) == (200, "ada@example.org")
        assert (await client.get("/api/v1/users/1")).status_code == 401
        platform.revoke(1)

        async def revoked() -> bool:
            return (await client.get("/api/v1/users/1", headers=fields)).status_code == 401

        await eventually(revoked, 1.0)


async def test_the_key_set_and_the_documents_are_public(
    platform: Platform, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(monkeypatch, redis_url, platform.port) as (_, client):
        await eventually(lambda: ready(client))
        (key,) = (await client.get("/.well-known/jwks.json")).json()["keys"]
        assert (key["kid"], key["alg"], key["use"]) == ("k1", "ES256", "sig")
        assert "d" not in key
        content = (await client.get("/openapi.json")).json()
        assert "/api/v1/notification/ws" in content["paths"]
        assert "/api/v1/posts/{post_id}" in content["paths"]
        assert (await client.get("/docs")).status_code == 200


async def test_readiness_names_what_is_away_and_the_gateway_says_so_at_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(monkeypatch, redis_url, free_port()) as (_, client):
        assert (await client.get("/livez")).status_code == 200
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "NOT_READY")
        states = answer.json()["data"]["dependencies"]
        assert states.pop("redis") == "ok"
        assert "ok" not in states.values()
        login = await client.post("/api/v1/auth/login", json={"login": "a", "password": "b"})
        assert (login.status_code, login.json()["message"]) == (
            503,
            "external service unavailable",
        )


async def test_a_service_that_hangs_is_a_timeout_and_never_a_hang(
    platform: Platform, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"GATEWAY_REQUEST_TIMEOUT_SECONDS": "0.2", "GATEWAY_PUBLIC_READS": "true"}
    async with gateway(monkeypatch, redis_url, platform.port, **given) as (_, client):
        await eventually(lambda: ready(client))
        answer = await client.get("/api/v1/users/username/somebody")
        platform.hangs.set()
    assert (answer.status_code, answer.json()["message"]) == (504, "external service timeout")


async def test_without_redis_requests_flow_and_limits_still_hold(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    given = {"RATE_LIMIT_LOGIN_PER_MINUTE": "2"}
    async with gateway(monkeypatch, away, platform.port, **given) as (_, client):
        await eventually(lambda: ready(client))
        body = {"login": "ada", "password": PASSWORD}
        answers = [await client.post("/api/v1/auth/login", json=body) for _ in range(3)]
        report = (await client.get("/readyz")).json()["data"]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert report["status"] == "degraded"
    assert report["dependencies"]["redis"] == "RedisAway"


async def test_a_login_carries_where_it_comes_from(
    platform: Platform, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"GATEWAY_TRUSTED_PROXIES": "127.0.0.0/8"}
    async with gateway(monkeypatch, redis_url, platform.port, **given) as (_, client):
        await eventually(lambda: ready(client))
        await client.post(
            "/api/v1/auth/login",
            json={"login": "ada", "password": PASSWORD},
            headers={"X-Forwarded-For": "198.51.100.7", "User-Agent": "Phone"},
        )
    (login,) = platform.logins
    assert (login.client_address, login.device) == ("198.51.100.7", "Phone")


async def test_requests_in_flight_end_before_the_gateway_does(
    platform: Platform, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"GATEWAY_PUBLIC_READS": "true"}
    async with gateway(monkeypatch, redis_url, platform.port, **given) as (here, client):
        await eventually(lambda: ready(client))
        base = f"http://127.0.0.1:{here.port}"
        lasting = httpx.AsyncClient(base_url=base, trust_env=False, timeout=5)
        request = asyncio.create_task(lasting.get("/api/v1/users/username/somebody"))
        await eventually(lambda: platform.hanging_now)
        asyncio.get_running_loop().call_later(0.1, platform.hangs.set)
    answer = await request
    await lasting.aclose()
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\r\n\r\n",
        b"NOSUCH / HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["tls", "no method", "nul", "smuggling"],
)
async def test_what_is_no_http_is_refused_in_the_envelope(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, request_bytes: bytes
) -> None:
    async with gateway(monkeypatch, redis_url, free_port()) as (here, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(request_bytes)
        head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["message"] == json.loads(body)["error"] == "invalid input"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_client_that_sends_too_much_gets_its_answer_and_no_reset(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, declared: bool
) -> None:
    async with gateway(monkeypatch, redis_url, free_port()) as (_, client):
        body = b"x" * (4 * 1024 * 1024)
        content = body if declared else chunks_of(body)
        answer = await client.post("/api/v1/auth/login", content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert (await client.get("/livez")).status_code == 200


async def chunks_of(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


async def test_a_client_that_asks_before_it_sends_too_much_is_told_at_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(monkeypatch, redis_url, free_port()) as (here, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
        )
        head = await asyncio.wait_for(reader.readline(), 1)
        writer.close()
        await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 413 ")


async def test_an_idle_connection_is_kept_as_long_as_is_said(
    platform: Platform, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"GATEWAY_KEEP_ALIVE_SECONDS": "1"}
    async with gateway(monkeypatch, redis_url, platform.port, **given) as (here, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        async with asyncio.timeout(4):  # uvicorn's own would be 5
            writer.write(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
