"""What was accepted arrives, once and in order, whatever died in between."""

import asyncio

import pytest
from service_kit.testing import eventually

from journeys.client import PATIENCE_SECONDS
from journeys.machine import Machine
from journeys.people import Person, Platform
from journeys.phone import Phone

pytestmark = pytest.mark.faults

BROKEN_OFF = 1006
REGISTRATIONS = 8


async def test_what_happens_while_nobody_notifies_arrives_afterwards(
    platform: Platform, machine: Machine
) -> None:
    ada, *others = await platform.people("ada", "grace", "linus", "edsger")
    for other in others:
        await ada.follow(other)
    async with platform.phone(ada) as phone, platform.phone(ada, gateway=1) as tablet:
        async with machine.dead("notification-service"):
            posts = [await other.write("Meanwhile") for other in others]
            for other in others:
                await other.follow(ada)
        for device in (phone, tablet):
            told = [await device.notification() for _ in range(6)]
            assert [each["seq"] for each in told] == [1, 2, 3, 4, 5, 6]
            assert told[-1]["unread"] == 6
            of_posts = {each["payload"].get("post_id") for each in told} - {None}
            assert of_posts == {post["id"] for post in posts}
            assert await device.rest() == []
    feed = await ada.feed()
    assert [each["id"] for each in feed] == [each["id"] for each in told[::-1]]
    assert await ada.unread() == 6


async def test_whoever_connects_while_inboxes_are_away_gets_everything_when_they_are_back(
    platform: Platform, machine: Machine
) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    await grace.follow(ada)
    await ada.has_unread(1)
    phone = Phone(platform.gateway(), ada.client, seq=0)
    async with machine.dead("notification-service"):
        await linus.follow(ada)
        opening = asyncio.create_task(phone.open())
    await opening
    told = [(await phone.notification())["payload"]["follower_id"] for _ in range(2)]
    assert told == [grace.id, linus.id]
    # Whoever waits for long is told why.
    assert {frame.get("code") for frame in await phone.rest()} <= {"UNAVAILABLE"}
    await phone.close()


async def test_a_post_waits_for_the_list_of_followers(platform: Platform, machine: Machine) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    async with platform.phone(grace) as phone:
        async with machine.dead("relation-service"):
            posts = [(await ada.write(f"Part {number}"))["id"] for number in range(3)]
        told = [(await phone.notification("post_created"))["payload"] for _ in posts]
        assert sorted(each["post_id"] for each in told) == posts
        assert await phone.rest() == []


async def test_news_wait_for_the_names_in_them(platform: Platform, machine: Machine) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with platform.phone(ada) as phone:
        machine.kill("notification-service")
        await grace.follow(ada)
        async with machine.dead("user-service"):
            machine.start("notification-service")
            await machine.ready("notification-service")
            await eventually(lambda: answers(ada, "/notification/feed"), PATIENCE_SECONDS)
            assert await ada.feed() == []
        told = await phone.notification("follow_created")
        assert told["payload"]["follower_username"] == grace.username
        assert await phone.rest() == []


async def answers(person: Person, path: str) -> bool:
    """Whether the gateway has found a service again."""
    return (await person.client.get(path)).status == 200


@pytest.mark.parametrize("name", ["post-service", "relation-service"])
async def test_what_was_accepted_just_before_a_crash_is_announced(
    platform: Platform, machine: Machine, name: str
) -> None:
    ada, grace, *others = await platform.people("ada", "grace", *["person"] * 4)
    await grace.follow(ada)
    await ada.has_unread(1)
    async with platform.phone(grace) as phone:
        if name == "post-service":
            await asyncio.gather(*(ada.write(f"Part {number}") for number in range(8)))
            due = 8
        else:
            await asyncio.gather(*(other.follow(grace) for other in others))
            due = len(others)
        async with machine.dead(name):
            pass
        for _ in range(due):
            await phone.notification()
        assert await phone.rest() == []
    assert await grace.unread() == due


async def test_a_phone_outlives_its_gateway(platform: Platform, machine: Machine) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    ada.client = platform.anybody(1).signed_in(ada.client)
    async with platform.phone(grace) as phone:
        machine.replicas("api-gateway")[0].kill()
        assert await phone.closed() == BROKEN_OFF
        posts = [(await ada.write(f"Part {number}"))["id"] for number in range(3)]
        await phone.move(platform.gateway(1))
        told = [await phone.notification("post_created") for _ in posts]
        assert [each["payload"]["post_id"] for each in told] == posts
        assert await phone.rest() == []


async def test_an_interrupted_registration_leaves_no_name_taken_by_nobody(
    platform: Platform, machine: Machine
) -> None:
    accounts = [account(number, await platform.person("ada")) for number in range(REGISTRATIONS)]

    async def register(body: dict[str, str]) -> int:
        return (await platform.anybody().post("/auth/register", body)).status

    running = [asyncio.create_task(register(body)) for body in accounts]
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    async with machine.dead("auth-service"):
        statuses = await asyncio.gather(*running)
    assert set(statuses) <= {201, 503, 504}

    async def is_whole(body: dict[str, str], status: int) -> bool:
        login = {"login": body["username"], "password": body["password"]}
        known = (await platform.anybody().post("/auth/login", login)).status == 200
        if status == 201:
            assert known
        return known or await register(body) == 201

    for body, status in zip(accounts, statuses, strict=True):
        whole = lambda body=body, status=status: is_whole(body, status)  # noqa: E731
        await eventually(whole, PATIENCE_SECONDS, "the name is somebody's, or free")


def account(number: int, like: Person) -> dict[str, str]:
    """What somebody registers with."""
    name = f"{like.username}-{number}"
    return {"username": name, "email": f"{name}@example.com", "password": like.password}


async def test_a_deletion_reaches_a_service_that_was_away(
    platform: Platform, machine: Machine
) -> None:
    ada, grace = await platform.people("ada", "grace")
    await ada.follow(grace)
    post = await ada.write("Notes on the engine")
    machine.kill("post-service")
    async with machine.dead("relation-service"):
        assert (await ada.client.delete(f"/users/{ada.id}")).status == 204
        machine.start("post-service")

    async def is_gone() -> bool:
        found = await grace.client.get(f"/posts/{post['id']}")
        followers = await grace.client.get(f"/relation/{grace.id}/followers")
        return found.status == 404 and followers.data["total"] == 0

    await eventually(is_gone, PATIENCE_SECONDS, "posts and relations of a deleted account")
