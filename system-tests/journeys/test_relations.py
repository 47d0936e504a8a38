"""Who follows whom: lists, totals, checks, refusals."""

import asyncio

import pytest

from journeys.client import Client
from journeys.people import Platform

NOBODY = 2**40


async def listed(client: Client, user_id: int, name: str, **query: object) -> list[int]:
    """All ids of a list, by cursor."""
    cursor, found = "", []
    while True:
        page = await client.get(f"/relation/{user_id}/{name}", cursor=cursor, **query)
        found += [user["id"] for user in page.data[name]]
        cursor = page.data.get("next_cursor", "")
        if not cursor:
            return found


async def test_lists_are_newest_first_with_totals(platform: Platform) -> None:
    ada, *others = await platform.people("ada", *["follower"] * 5)
    for other in others:
        await other.follow(ada)
        await ada.follow(other)
    newest = [other.id for other in others[::-1]]
    for name in ("followers", "followees"):
        page = (await ada.client.get(f"/relation/{ada.id}/{name}", limit=2, page=2)).data
        assert [user["id"] for user in page[name]] == newest[2:4]
        assert (page["total"], page["page"], page["limit"]) == (5, 2, 2)
        assert await listed(ada.client, ada.id, name, limit=2) == newest
    names = {user["id"]: user["username"] for user in page["followees"]}
    assert names == {other.id: other.username for other in others if other.id in names}


async def test_lists_of_somebody_without_relations_are_empty(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    for name in ("followers", "followees"):
        page = (await grace.client.get(f"/relation/{ada.id}/{name}")).data
        assert (page[name], page["total"]) == ([], 0)
        nobody = await grace.client.get(f"/relation/{NOBODY}/{name}")
        assert nobody.error == (404, "user not found")


async def test_a_check_tells_both_directions_at_once(platform: Platform) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    await ada.follow(grace)
    await grace.follow(ada)
    await linus.follow(ada)
    ids = f"{linus.id},{grace.id},{NOBODY},{ada.id}"
    found = (await ada.client.get("/relation/check", ids=ids)).data["relations"]
    assert [(each["user_id"], each["following"], each["followed_by"]) for each in found] == [
        (linus.id, False, True),
        (grace.id, True, True),
        (NOBODY, False, False),
        (ada.id, False, False),
    ]


async def test_a_relation_begins_and_ends_once(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    body = {"followee_id": ada.id}
    await grace.follow(ada)
    again = await grace.client.post("/relation/follow", body)
    assert again.error == (409, "already following this user")
    await grace.unfollow(ada)
    again = await grace.client.post("/relation/unfollow", body)
    assert again.error == (404, "follow relation not found")
    assert (await ada.client.get(f"/relation/{ada.id}/followers")).data["total"] == 0


async def test_a_race_to_follow_has_one_winner_and_one_notification(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    body = {"followee_id": ada.id}
    answers = await asyncio.gather(*(grace.client.post("/relation/follow", body) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [200, *[409] * 5]
    async with platform.phone(ada, after_seq=0) as phone:
        await phone.notification("follow_created")
        assert await phone.rest() == []
    assert await ada.unread() == 1


@pytest.mark.parametrize(
    ("action", "message"),
    [("follow", "cannot follow yourself"), ("unfollow", "cannot unfollow yourself")],
)
async def test_nobody_follows_themselves(platform: Platform, action: str, message: str) -> None:
    ada = await platform.person("ada")
    answer = await ada.client.post(f"/relation/{action}", {"followee_id": ada.id})
    assert answer.error == (400, message)


async def test_nobody_follows_somebody_who_is_not_there(platform: Platform) -> None:
    ada = await platform.person("ada")
    answer = await ada.client.post("/relation/follow", {"followee_id": NOBODY})
    assert answer.error == (404, "user not found")
    for wrong in (0, -1):
        answer = await ada.client.post("/relation/follow", {"followee_id": wrong})
        assert answer.error == (400, "validation failed")
    for malformed in ("1", None, 1.5, 2**63):
        answer = await ada.client.post("/relation/follow", {"followee_id": malformed})
        assert answer.error[0] == 400
