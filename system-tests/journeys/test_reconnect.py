"""Whoever comes back gets what was missed, first and in order, and devices agree."""

import asyncio

from journeys.client import Json
from journeys.people import Person, Platform


async def test_what_was_missed_comes_first_and_in_order_and_then_the_news(
    platform: Platform,
) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    async with platform.phone(grace) as phone:
        await ada.write("Part 0")
        await phone.notification("post_created")
        await phone.close()

        for number in range(1, 6):
            await ada.write(f"Part {number}")
        await grace.has_unread(6)
        await phone.move(platform.gateway(1))
        assert (phone.ready["seq"], phone.ready["unread"]) == (6, 6)

        await ada.write("Part 6")
        titles = [(await phone.notification())["payload"]["title"] for _ in range(6)]
        assert titles == [f"Part {number}" for number in range(1, 7)]
        assert await phone.rest() == []


async def test_a_phone_that_comes_back_again_and_again_misses_nothing(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)

    async def write_all() -> list[int]:
        return [(await ada.write(f"Part {number}"))["id"] for number in range(25)]

    async with platform.phone(grace, after_seq=0) as phone:
        writing = asyncio.create_task(write_all())
        told: list[int] = []
        while len(told) < 25:
            told.append((await phone.notification())["payload"]["post_id"])
            if len(told) % 5 == 0:
                await phone.move(platform.gateway(len(told)))
                told += posts(await phone.rest())
        assert told == await writing


async def test_a_phone_without_a_seq_goes_on_from_now(platform: Platform) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    await grace.follow(ada)
    await ada.has_unread(1)
    async with platform.phone(ada) as phone:
        assert (phone.ready["seq"], phone.ready["unread"]) == (1, 1)
        await linus.follow(ada)
        told = await phone.notification("follow_created")
    assert told["payload"]["follower_id"] == linus.id


async def test_what_one_device_reads_the_other_knows(platform: Platform) -> None:
    ada = await followed(platform, by=3)
    async with platform.phone(ada, 0) as phone, platform.phone(ada, 0, gateway=1) as tablet:
        first, second, third = [await tablet.notification() for _ in range(3)]
        for _ in range(3):
            await phone.notification()

        await phone.send({"type": "read", "id": first["id"]})
        assert (await tablet.frame("unread"))["unread"] == 2
        assert (await phone.frame("unread"))["unread"] == 2

        read = await ada.client.put(f"/notification/{second['id']}/read")
        assert read.data == {"success": True, "message": "Notification marked as read"}
        assert (await tablet.frame("unread"))["unread"] == 1
        again = await ada.client.put(f"/notification/{second['id']}/read")
        assert again.data == {"success": True, "message": "Notification already marked as read"}

        assert [each["id"] for each in await ada.feed(unread="true")] == [third["id"]]
        told = [
            {"type": "read", "ids": [first["id"]], "unread": 2},
            {"type": "read", "ids": [second["id"]], "unread": 1},
        ]
        assert await tablet.rest() == told


async def test_reading_everything_stops_where_the_reader_stopped(platform: Platform) -> None:
    ada = await followed(platform, by=4)
    async with platform.phone(ada) as phone, platform.phone(ada, gateway=1) as tablet:
        await phone.send({"type": "read_all", "up_to_seq": 3})
        assert (await tablet.frame("unread"))["unread"] == 1

        read = await ada.client.put("/notification/read-all", {})
        assert read.data["updated"] == 1
        assert (await tablet.frame("unread"))["unread"] == 0
        assert (await ada.client.put("/notification/read-all", {})).data["updated"] == 0
    assert await ada.unread() == 0
    assert all(each["is_read"] for each in await ada.feed())


async def test_an_unfollow_withdraws_what_was_not_read(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with platform.phone(ada) as phone:
        await grace.follow(ada)
        told = await phone.notification("follow_created")
        await grace.unfollow(ada)
        withdrawn = await phone.frame("withdrawn")
        assert (withdrawn["id"], withdrawn["unread"]) == (told["id"], 0)
        await grace.follow(ada)
        assert (await phone.notification("follow_created"))["seq"] == 2
    assert len(await ada.feed()) == 1


async def test_a_deleted_post_is_withdrawn_even_from_phones_that_were_away(
    platform: Platform,
) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    await asyncio.gather(grace.follow(ada), linus.follow(ada))
    async with platform.phone(grace) as phone, platform.phone(linus) as away:
        await away.close()
        post = await ada.write("A mistake")
        told = await phone.notification("post_created")
        await ada.client.delete(f"/posts/{post['id']}")
        assert (await phone.frame("withdrawn"))["id"] == told["id"]

        await linus.has_unread(0)
        await ada.write("A correction")
        await away.open()
        assert (await away.notification("post_created"))["seq"] == 2
        (gone,) = await away.rest()
        assert (gone["type"], gone["seq"]) == ("withdrawn", 1)
    assert [each["payload"]["title"] for each in await linus.feed()] == ["A correction"]


async def test_a_removed_notification_is_gone_for_every_device(platform: Platform) -> None:
    ada = await followed(platform, by=1)
    async with platform.phone(ada, 0) as phone, platform.phone(ada, gateway=1) as tablet:
        told = await phone.notification()
        removed = await ada.client.delete(f"/notification/{told['id']}")
        message = "Notification removed successfully"
        assert removed.data == {"success": True, "message": message}
        for device in (phone, tablet):
            gone = await device.frame("withdrawn")
            assert (gone["id"], gone["unread"]) == (told["id"], 0)
        again = await ada.client.delete(f"/notification/{told['id']}")
        assert again.error == (404, "notification not found")
    assert await ada.feed() == []
    missing = await ada.client.get(f"/notification/{told['id']}")
    assert missing.error == (404, "notification not found")


async def followed(platform: Platform, by: int) -> Person:
    """Somebody with so many unread notifications."""
    ada, *others = await platform.people("ada", *["follower"] * by)
    await asyncio.gather(*(other.follow(ada) for other in others))
    await ada.has_unread(by)
    return ada


def posts(frames: list[Json]) -> list[int]:
    """The posts that frames tell of."""
    return [frame["data"]["payload"]["post_id"] for frame in frames]
