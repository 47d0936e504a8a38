"""What depends on settings, and what good clients rely on (REST API, parts 2 and 6)."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest
from journeys.client import PATIENCE_SECONDS, Answer, Client
from journeys.conformance import Conformance
from journeys.people import HASHED_AT_ONCE, Person, Platform
from pinstack_local.stack import Stack
from redis.asyncio import Redis

from contract.gateways import gateway

BURST = 300
READS = ("/users/{id}", "/users?limit=1", "/posts/list", "/relation/{id}/followers")


@pytest.fixture(scope="module")
async def ada(platform: Platform) -> Person:
    return await platform.person("ada")


@pytest.fixture(scope="module", params=["public reads", "compat", "limited"])
async def other(
    request: pytest.FixtureRequest, stack: Stack, conformance: Conformance
) -> AsyncIterator[tuple[str, Client]]:
    """A gateway with another setting, and its name."""
    settings = {
        "public reads": {"GATEWAY_PUBLIC_READS": "true"},
        "compat": {"GATEWAY_COMPAT": "true"},
        "limited": {"RATE_LIMIT_ENABLED": "true"},
    }[request.param]
    name = str(request.param).replace(" ", "-")
    with gateway(stack, name, **settings) as url:
        async with httpx.AsyncClient(
            base_url=url,
            timeout=PATIENCE_SECONDS,
            event_hooks={"response": [conformance.check]},
        ) as http:
            yield request.param, Client(http)


async def test_reads_are_open_where_the_settings_say_so(
    other: tuple[str, Client], ada: Person
) -> None:
    kind, client = other
    for path in READS:
        target = path.format(id=ada.id)
        for fields in ({}, {"authorization": "Bearer x"}, {"authorization": "nonsense"}):
            answer = await client.call("GET", target, headers=fields)
            assert answer.status == (401 if kind == "limited" else 200), (path, fields)
    assert (await client.get("/notification/feed")).status == 401


async def test_addresses_are_shown_and_searched_with_compat_alone(
    other: tuple[str, Client], ada: Person
) -> None:
    kind, client = other
    if kind == "limited":
        client.token = ada.client.token
    shown = (await client.get(f"/users/{ada.id}")).data
    assert ("email" in shown) is (kind in ("compat", "limited"))  # she sees her own
    found = (await client.get("/users/search", query=ada.email)).data
    assert found["total"] == (1 if kind == "compat" else 0)
    client.token = None


async def test_a_burst_of_registrations_is_limited_where_limits_are_on(
    other: tuple[str, Client], platform: Platform
) -> None:
    kind, client = other
    if kind == "compat":
        return
    answers = await burst(client if kind == "limited" else platform.anybody())
    statuses = {answer.status for answer in answers}
    if kind != "limited":
        assert statuses == {201}
        return
    assert statuses == {201, 429}
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.body["code"] == "RATE_LIMITED"
    assert {"retry-after", "ratelimit", "ratelimit-policy"} <= set(refused.headers)


async def burst(client: Client) -> list[Answer]:
    few = asyncio.Semaphore(HASHED_AT_ONCE * 8)

    async def register() -> Answer:
        name = f"burst-{secrets.token_hex(6)}"
        account = {"username": name, "email": f"{name}@example.com", "password": f"{name} 9"}
        async with few:
            return await client.post("/auth/register", account)

    return await asyncio.gather(*(register() for _ in range(BURST)))


async def test_a_post_that_is_tried_again_with_its_key_is_never_two(
    stack: Stack, platform: Platform, ada: Person
) -> None:
    """The edge has forgotten the first answer, as after one that never came (503, 504)."""
    fields, title = {"idempotency-key": secrets.token_hex(8)}, secrets.token_hex(8)

    async def publish() -> Answer:
        return await ada.client.call("POST", "/posts", {"title": title}, headers=fields)

    first = await publish()
    await forget_answers(stack)
    again = await publish()
    assert (first.data["id"], again.status) == (again.data["id"], 201)
    assert "idempotent-replayed" not in again.headers
    listed = (await ada.client.get("/posts/list", author_id=ada.id)).data
    assert [post["title"] for post in listed["posts"]].count(title) == 1


async def forget_answers(stack: Stack) -> None:

    async with Redis.from_url(stack.addresses()["REDIS_URL"]) as redis:
        async for key in redis.scan_iter("gateway:idempotency:*"):
            await redis.delete(key)
