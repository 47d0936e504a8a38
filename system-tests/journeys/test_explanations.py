"""Why there is a notification, and why there is none, on the platform."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

from service_kit.testing import eventually

from journeys.client import PATIENCE_SECONDS, Json
from journeys.people import Person, Platform

STEPS = ("committed_at", "published_at", "consumed_at")
NOWHERE = "019b7d3a-6c11-7f0e-9b53-0d6f6a3d2c41"
"""An event that there never was."""


async def why(person: Person, notification_id: int) -> Json:
    """All about a notification of somebody's."""
    found: Json = (await person.client.get(f"/notification/{notification_id}/why")).data
    return found


async def explained(person: Person, event_id: str) -> Json:
    """What has become of an event for somebody."""
    found: Json = (await person.client.get("/notification/explain", event_id=event_id)).data
    return found


async def until(person: Person, number: int, holds: Callable[[Json], bool], what: str) -> Json:
    """Wait until what is known of a notification is as it should be."""
    found: Json = {}

    async def is_so() -> bool:
        found.clear()
        found.update(await why(person, number))
        return holds(found)

    await eventually(is_so, PATIENCE_SECONDS, what)
    return found


async def test_a_follow_is_followed_from_its_commit_to_every_socket_of_its_owner(
    platform: Platform,
) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    tablet = await platform.login(ada)
    async with platform.phone(ada), platform.phone(tablet, gateway=1):
        await grace.follow(ada)
        await ada.has_unread(1)
        number = (await ada.feed())[0]["id"]
        found = await until(ada, number, lambda one: len(one["deliveries"]) == 2, "two deliveries")
    sessions = (await ada.client.get("/auth/sessions")).data["sessions"]
    mine = {one["id"] for one in sessions}
    assert {one["session_id"] for one in found["deliveries"]} <= mine
    assert len({one["connection_id"] for one in found["deliveries"]}) == 2
    assert {one["carrier"] for one in found["deliveries"]} == {"websocket"}
    assert "not_pushed" not in found

    event = found["event"]
    assert (event["type"], event["topic"]) == ("relation.follow_created.v1", "relation-events")
    moments = [event[step] for step in STEPS] + [found["made_at"]]
    moments += sorted(one["sent_at"] for one in found["deliveries"])
    # Kafka's stamp is in whole milliseconds.
    times = [datetime.fromisoformat(moment).timestamp() for moment in moments]
    assert all(later - earlier > -0.001 for earlier, later in pairwise(times))

    told = await explained(ada, event["id"])
    assert (told["outcome"], told["notification_id"]) == ("made", number)
    own = await explained(grace, event["id"])
    assert (own["outcome"], own["reason"]) == ("skipped", "own_action")
    others = await explained(linus, event["id"])
    nobodys = await explained(linus, NOWHERE)
    assert {**others, "event_id": ""} == {**nobodys, "event_id": ""}
    await grace.unfollow(ada)
    await ada.has_unread(0)
    gone = await explained(ada, event["id"])
    assert (gone["outcome"], gone["reason"]) == ("skipped", "withdrawn")


async def test_a_post_tells_its_followers_why_they_are_told_or_not(platform: Platform) -> None:
    author, told, muting, unwilling = await platform.people("author", "told", "muting", "unwilling")
    for person in (told, muting, unwilling):
        await person.follow(author)
    await muting.client.put(f"/notification/mutes/{author.id}")
    off = {"types": [{"type": "post_created", "in_app": False, "live": False}]}
    await unwilling.client.put("/notification/preferences", off)
    await author.write("Notes on the engine")
    await told.has_unread(1)
    number = (await told.feed())[0]["id"]
    event_id = (await why(told, number))["event"]["id"]

    async def reason(person: Person) -> str:
        found = await explained(person, event_id)
        return str(found.get("reason", found["outcome"]))

    async def all_are_dealt_with() -> bool:
        return "under_way" not in [await reason(one) for one in (told, muting, unwilling)]

    await eventually(all_are_dealt_with, PATIENCE_SECONDS)
    assert await reason(told) == "made"
    assert await reason(muting) == "muted"
    assert await reason(unwilling) == "in_app_off"
    assert await reason(author) == "own_action"
    assert await reason(await platform.person("stranger")) == "unknown"


async def test_what_was_not_pushed_says_why_and_where_it_went_later(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    await ada.has_unread(1)
    first = (await ada.feed())[0]["id"]
    await until(ada, first, lambda one: one.get("not_pushed") == "no_socket_open", "no socket")
    quiet = {"start": "00:00", "end": "23:59", "time_zone": "UTC"}
    if datetime.now(UTC).strftime("%H:%M") == "23:59":
        quiet |= {"start": "12:00", "end": "11:59"}
    await ada.client.put("/notification/preferences", {"quiet_hours": quiet})
    body = {"user_id": ada.id, "type": "greeting"}
    async with platform.phone(ada):
        second = (await grace.client.post("/notification/send", body)).data["notification_id"]
        found = await why(ada, second)
        assert (found["not_pushed"], found["deliveries"]) == ("quiet_hours", [])
        assert (found["sent_by"], "event" in found) == (grace.id, False)
    async with platform.phone(ada, after_seq=0):  # what is missed comes all the same
        found = await until(ada, second, lambda one: one["deliveries"] != [], "a delivery")
    assert found["not_pushed"] == "quiet_hours"
    later = await why(ada, first)
    assert len(later["deliveries"]) == 1
