"""The platform is stopped and started again: everything is there, and what was due arrives."""

import asyncio

import pytest

from journeys.machine import Machine
from journeys.people import Platform

pytestmark = pytest.mark.faults


async def test_a_second_start_finds_everything_and_delivers_what_was_due(
    platform: Platform, machine: Machine
) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with platform.phone(grace) as phone:
        await grace.follow(ada)
        post = await ada.write("Before", tags=["engines"], content="…")
        before = await phone.notification("post_created")

    machine.kill(machine.broker)
    late = await ada.write("While the broker was dead")
    await ada.follow(grace)
    machine.stack.stop()
    machine.stack.start()

    assert (await grace.client.get(f"/posts/{post['id']}")).data["tags"] == post["tags"]
    assert (await ada.client.get(f"/users/{ada.id}")).data["email"] == ada.email
    relation = (await ada.client.get("/relation/check", ids=f"{grace.id}")).data["relations"]
    assert relation == [{"user_id": grace.id, "following": True, "followed_by": True}]
    assert (await grace.feed())[-1]["id"] == before["id"]
    await platform.login(ada)
    body = {"refresh_token": ada.refresh_token}
    assert (await platform.anybody().post("/auth/refresh", body)).status == 200

    async with platform.phone(grace, after_seq=before["seq"]) as phone:
        told = [await phone.notification() for _ in range(2)]
        assert {each["type"] for each in told} == {"post_created", "follow_created"}
        assert {each["payload"].get("post_id") for each in told} == {late["id"], None}
        await ada.write("After")
        assert (await phone.notification("post_created"))["unread"] == 4
        assert await phone.rest() == []
    await ada.has_unread(1)


async def test_a_broker_that_died_is_caught_up_with(platform: Platform, machine: Machine) -> None:
    if machine.stack.settings.broker == "embedded":
        pytest.skip("the embedded broker comes back on another port; PINSTACK_TEST_BROKER=kafka")
    ada, *others = await platform.people("ada", "grace", "linus")
    await asyncio.gather(*(other.follow(ada) for other in others))
    await ada.has_unread(2)
    async with platform.phone(others[0]) as phone:
        async with machine.dead("kafka"):
            posts = [(await ada.write(f"Part {number}"))["id"] for number in range(4)]
            await ada.follow(others[1])
        told = [await phone.notification("post_created") for _ in posts]
        assert [each["payload"]["post_id"] for each in told] == posts
        assert await phone.rest() == []
    await others[1].has_unread(len(posts) + 1)
