"""Somebody deletes their account: everything of it goes, and nothing fails meanwhile."""

import asyncio

from service_kit.testing import eventually

from journeys.client import PATIENCE_SECONDS, Client
from journeys.people import Person, Platform

UNAUTHENTICATED = 4401
GONE = {"id": 0, "username": "deleted"}


async def delete(person: Person) -> None:
    """Delete an account."""
    assert (await person.client.delete(f"/users/{person.id}")).status == 204


async def test_tokens_and_sockets_of_a_deleted_account_are_void(platform: Platform) -> None:
    ada = await platform.person("ada")
    async with platform.phone(ada, gateway=1) as phone:
        await delete(ada)
        assert await phone.closed() == UNAUTHENTICATED

    async def is_refused() -> bool:
        return (await ada.client.get("/notification/feed")).status == 401

    await eventually(is_refused, PATIENCE_SECONDS)
    body = {"refresh_token": ada.refresh_token}
    answer = await platform.anybody().post("/auth/refresh", body)
    assert answer.error == (401, "invalid refresh token")


async def test_nobody_logs_in_to_a_deleted_account(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    await delete(ada)
    for login in (ada.username, ada.email):
        answer = await platform.anybody().post(
            "/auth/login", {"login": login, "password": ada.password}
        )
        assert answer.error == (401, "invalid credentials: wrong password or user not found")
    assert (await grace.client.get(f"/users/{ada.id}")).error == (404, "user not found")
    follow = await grace.client.post("/relation/follow", {"followee_id": ada.id})
    assert follow.error == (404, "user not found")


async def test_a_name_is_free_again_after_its_account_is_gone(platform: Platform) -> None:
    ada = await platform.person("ada")
    await delete(ada)
    account = {"username": ada.username, "email": ada.email, "password": ada.password}
    again = await platform.anybody().post("/auth/register", account)
    assert again.status == 201
    assert again.data["user"]["id"] != ada.id


async def test_posts_go_with_their_author_and_no_list_fails_meanwhile(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    written = [(await ada.write(f"Part {number}", tags=["engines"]))["id"] for number in range(5)]
    await delete(ada)
    while posts := await listed(grace.client, ada.id):
        for post in posts:
            assert post["id"] in written
            assert post["author"] == GONE
    for post_id in written:
        answer = await grace.client.get(f"/posts/{post_id}")
        assert answer.error == (404, "post not found")


async def listed(client: Client, author_id: int) -> list[dict[str, object]]:
    """The posts of an author; the list of all of them works too."""
    assert (await client.get("/posts/list")).status == 200
    posts: list[dict[str, object]] = (await client.get("/posts/list", author_id=author_id)).data[
        "posts"
    ]
    return posts


async def test_relations_go_too_and_no_list_fails_meanwhile(platform: Platform) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    await asyncio.gather(ada.follow(grace), linus.follow(grace), grace.follow(ada))
    await delete(ada)

    async def are_gone() -> bool:
        pages = {
            name: (await grace.client.get(f"/relation/{grace.id}/{name}")).data
            for name in ("followers", "followees")
        }
        followers = pages["followers"]["followers"]
        for user in [*followers, *pages["followees"]["followees"]]:
            assert user["id"] in (linus.id, 0), user
        return [page["total"] for page in pages.values()] == [1, 0]

    await eventually(are_gone, PATIENCE_SECONDS)
    assert (await linus.client.get(f"/relation/{ada.id}/followers")).error[0] == 404


async def test_what_a_deleted_account_did_stays_readable_for_those_it_concerned(
    platform: Platform,
) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    async with platform.phone(grace, after_seq=0) as phone:
        await ada.follow(grace)
        await phone.notification("follow_created")
        await delete(ada)
        await linus.follow(grace)
        told = await phone.notification("follow_created")
        assert told["payload"]["follower_id"] == linus.id
    assert (await grace.client.get("/notification/feed")).status == 200
