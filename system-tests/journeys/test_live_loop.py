"""People follow each other and post; everyone concerned is told, live and in order."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from journeys.people import Platform

FOLLOWERS = 30
BURST = 12


def moment(text: str) -> datetime:
    """A moment in RFC 3339, in UTC, of just now."""
    assert text.endswith("Z")
    at = datetime.fromisoformat(text)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    return at


async def test_a_follow_and_a_post_arrive_as_frames(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with platform.phone(ada) as adas, platform.phone(grace, gateway=1) as graces:
        assert adas.ready == {"type": "ready", "seq": 0, "unread": 0}

        await grace.follow(ada)
        told = await adas.notification("follow_created")
        assert moment(told["payload"].pop("timestamptz")) <= moment(told["created_at"])
        assert told["payload"] == {
            "follower_id": grace.id,
            "follower_username": grace.username,
            "followee_id": ada.id,
        }
        assert (told["user_id"], told["is_read"], told["seq"]) == (ada.id, False, 1)
        assert told["unread"] == 1
        assert "actor_id" not in told

        post = await ada.write("Notes on the engine", content="…")
        told = await graces.notification("post_created")
        assert moment(told["payload"].pop("timestamptz")) <= moment(told["created_at"])
        assert told["payload"] == {
            "post_id": post["id"],
            "author_id": ada.id,
            "author_username": ada.username,
            "title": "Notes on the engine",
        }
        assert (told["user_id"], told["seq"], told["unread"]) == (grace.id, 1, 1)


async def test_what_a_frame_tells_is_what_the_inbox_has(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with platform.phone(ada) as phone:
        await grace.follow(ada)
        told = await phone.notification("follow_created")
    del told["unread"]
    assert await ada.feed() == [told]
    assert (await ada.client.get(f"/notification/{told['id']}")).data == told
    assert await ada.unread() == 1


async def test_posts_written_in_a_burst_arrive_in_the_order_of_writing(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    async with platform.phone(grace) as phone:
        written = [(await ada.write(f"Part {number}"))["id"] for number in range(BURST)]
        told = [await phone.notification("post_created") for _ in written]
    assert [each["payload"]["post_id"] for each in told] == written
    assert [each["seq"] for each in told] == list(range(1, BURST + 1))
    assert [each["unread"] for each in told] == list(range(1, BURST + 1))


async def test_posts_of_many_authors_at_once_leave_no_gap(platform: Platform) -> None:
    reader, *authors = await platform.people("reader", *["author"] * 6)
    for author in authors:
        await reader.follow(author)
    async with platform.phone(reader) as phone:
        posts = await asyncio.gather(
            *(author.write(f"Part {number}") for author in authors for number in range(4))
        )
        told = [await phone.notification("post_created") for _ in posts]
        assert await phone.rest() == []
    assert {each["payload"]["post_id"] for each in told} == {post["id"] for post in posts}


async def test_every_one_of_many_followers_is_told_of_a_post(platform: Platform) -> None:
    author, *followers = await platform.people("author", *["follower"] * FOLLOWERS)
    await asyncio.gather(*(follower.follow(author) for follower in followers))
    async with AsyncExitStack() as stack:
        phones = [
            await stack.enter_async_context(platform.phone(follower, gateway=number))
            for number, follower in enumerate(followers)
        ]
        post = await author.write("To all of you")
        for phone in phones:
            told = await phone.notification("post_created")
            assert told["payload"]["post_id"] == post["id"]
            assert (told["seq"], told["unread"]) == (1, 1)
    await author.has_unread(FOLLOWERS)


async def test_an_author_hears_nothing_of_their_own_posts(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    async with platform.phone(grace) as graces, platform.phone(ada, after_seq=0) as adas:
        await adas.notification("follow_created")
        await ada.write("Notes on the engine")
        await graces.notification("post_created")
        assert await adas.rest() == []


async def test_somebody_who_follows_no_longer_is_told_no_more(platform: Platform) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    await grace.follow(ada)
    await linus.follow(ada)
    await grace.unfollow(ada)
    async with platform.phone(grace) as graces, platform.phone(linus) as linuses:
        await ada.write("Notes on the engine")
        await linuses.notification("post_created")
        assert await graces.rest() == []
    assert await grace.feed() == []


async def test_what_a_person_sends_bears_their_name(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with platform.phone(ada) as phone:
        payload = {"text": "Hello, Ada", "list": [1, None, {"ä": "<&>"}]}
        sent = await grace.client.post(
            "/notification/send", {"user_id": ada.id, "type": "greeting", "payload": payload}
        )
        told = await phone.notification("greeting")
    assert told["id"] == sent.data["notification_id"]
    assert (told["actor_id"], told["payload"]) == (grace.id, payload)
    stranger = await grace.client.get(f"/notification/{told['id']}")
    assert stranger.error == (403, "access to notification denied")
    nobody = await grace.client.post("/notification/send", {"user_id": 2**40, "type": "greeting"})
    assert nobody.error == (404, "user not found")
