"""SIGTERM: what a process has accepted it finishes, and nobody notices that it is gone."""

import itertools

import pytest

from journeys.client import Answer, Client
from journeys.machine import Machine
from journeys.people import Platform
from journeys.traffic import steady

pytestmark = pytest.mark.faults

RESTARTING = 1012


async def test_a_gateway_that_ends_answers_what_it_has_accepted(
    platform: Platform, machine: Machine
) -> None:
    ada = await platform.person("ada")
    numbers = itertools.count()

    async def write(client: Client) -> Answer:
        return await client.post("/posts", {"title": f"Part {next(numbers)}"})

    async with steady(platform.gateway(), ada.client.token, write) as traffic:
        await machine.end("api-gateway")
        assert traffic.lost == []
        assert set(traffic.outcomes) == {"201"}
        await machine.heal()
        await traffic.flows()
    assert traffic.lost == []
    answered = {answer.data["id"] for answer in traffic.answers if answer.status == 201}
    assert await posts_of(ada.client, ada.id) == answered


async def posts_of(client: Client, author_id: int) -> set[int]:
    """Everything that somebody has published."""
    cursor, found = "", set()
    while True:
        query = {"author_id": author_id, "limit": 100, "cursor": cursor}
        page = (await client.get("/posts/list", **query)).data
        found |= {post["id"] for post in page["posts"]}
        cursor = page.get("next_cursor", "")
        if not cursor:
            return found


async def test_a_phone_is_told_to_come_back_and_misses_nothing(
    platform: Platform, machine: Machine
) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    other = platform.anybody(1).signed_in(ada.client)
    async with platform.phone(grace) as phone:
        await ada.write("Before")
        await phone.notification("post_created")
        await machine.end("api-gateway")
        assert await phone.closed() == RESTARTING
        await other.post("/posts", {"title": "Meanwhile"})
        await phone.move(platform.gateway(1))
        missed = await phone.notification("post_created")
        assert missed["payload"]["title"] == "Meanwhile"
        await machine.heal()
        await phone.move(platform.gateway())
        await ada.write("After")
        assert (await phone.notification("post_created"))["seq"] == 3
        assert await phone.rest() == []


async def test_a_replica_that_ends_is_noticed_by_nobody(
    platform: Platform, machine: Machine
) -> None:
    ada = await platform.person("ada")
    numbers = itertools.count()

    async def change(client: Client) -> Answer:
        return await client.put(f"/users/{ada.id}", {"bio": f"{next(numbers)}"})

    async with steady(platform.gateway(), ada.client.token, change) as traffic:
        await machine.end("user-service", 1)
        await traffic.flows()
        await machine.heal()
        await traffic.flows()
    assert traffic.lost == []
    assert traffic.refused == 0
    assert set(traffic.outcomes) == {"200"}


@pytest.mark.parametrize("name", ["post-service", "relation-service", "notification-service"])
async def test_a_service_that_ends_finishes_what_it_has_begun(
    platform: Platform, machine: Machine, name: str
) -> None:
    ada, grace = await platform.people("ada", "grace")
    path, body = {
        "post-service": ("/posts", {"title": "…"}),
        "relation-service": ("/relation/unfollow", {"followee_id": grace.id}),
        "notification-service": ("/notification/send", {"user_id": grace.id, "type": "greeting"}),
    }[name]
    good = {
        "post-service": "201",
        "relation-service": "404 FOLLOW_NOT_FOUND",
        "notification-service": "200",
    }[name]

    async def request(client: Client) -> Answer:
        return await client.post(path, body)

    async with steady(platform.gateway(), ada.client.token, request) as traffic:
        await machine.end(name)
        await machine.heal()
        await traffic.flows()
    assert traffic.lost == []
    assert set(traffic.outcomes) <= {good, "503 UNAVAILABLE"}
    done = traffic.outcomes[good]
    if name == "post-service":
        assert len(await posts_of(ada.client, ada.id)) == done
    elif name == "notification-service":
        assert await grace.unread() == done
