"""What is written is seen by its author at once, by others within a second, at every gateway."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import pytest
from service_kit.testing import eventually

from journeys.client import Client
from journeys.people import Person, Platform
from journeys.vault import Vault

STALE_SECONDS: Final = 1.0
GATEWAYS: Final = 2
ROUNDS: Final = 5
_RENAME: Final = "UPDATE posts SET title = $2 WHERE id = $1 RETURNING id"
Shows = Callable[[Client], Awaitable[bool]]


@pytest.fixture
async def ada(platform: Platform) -> Person:
    return await platform.person("ada")


@pytest.fixture
async def grace(platform: Platform) -> Person:
    return await platform.person("grace")


async def seen(platform: Platform, writer: Person, other: Person, shows: Shows) -> None:
    """The writer sees it now, on a device at each gateway; somebody else does soon."""
    for number in range(GATEWAYS):
        assert await shows(platform.anybody(number).signed_in(writer.client))
    readers = [platform.anybody(number).signed_in(other.client) for number in range(GATEWAYS)]
    await asyncio.gather(*(eventually(partial(shows, one), STALE_SECONDS) for one in readers))


async def read_by_all(platform: Platform, people: list[Person], paths: list[str]) -> None:
    """Have everything kept that can be."""
    for number in range(GATEWAYS):
        for person in people:
            client = platform.anybody(number).signed_in(person.client)
            await asyncio.gather(*map(client.get, paths))


async def test_a_post_is_as_its_author_left_it(
    platform: Platform, ada: Person, grace: Person
) -> None:
    post = await ada.write("round 0")
    path, of_ada = f"/posts/{post['id']}", f"/posts/list?author_id={ada.id}"

    async def shows(title: str, reader: Client) -> bool:
        one, (listed,) = (await reader.get(path)).data, (await reader.get(of_ada)).data["posts"]
        return {one["title"], listed["title"]} == {title}

    async def is_gone(reader: Client) -> bool:
        listed = (await reader.get(of_ada)).data["posts"]
        return listed == [] and (await reader.get(path)).status == 404

    for number in range(1, ROUNDS + 1):
        await read_by_all(platform, [ada, grace], [path, of_ada])
        assert (await ada.client.put(path, {"title": f"round {number}"})).status == 200
        await seen(platform, ada, grace, partial(shows, f"round {number}"))
    assert (await ada.client.delete(path)).status == 200
    await seen(platform, ada, grace, is_gone)


async def test_a_post_that_is_changed_past_the_gateways_is_read_within_a_second(
    platform: Platform, vault: Vault, ada: Person, grace: Person
) -> None:
    post = await ada.write("round 0")
    of_ada = f"/posts/list?author_id={ada.id}"
    readers = [platform.anybody(number).signed_in(grace.client) for number in range(GATEWAYS)]

    async def shows(title: str, reader: Client) -> bool:
        return [one["title"] for one in (await reader.get(of_ada)).data["posts"]] == [title]

    for number in range(1, ROUNDS + 1):
        for _ in range(8):  # longer than anything is kept unconfirmed
            assert all([await shows(f"round {number - 1}", reader) for reader in readers])
            await asyncio.sleep(STALE_SECONDS / 5)
        assert await vault.rows("post-service", _RENAME, post["id"], f"round {number}")
        is_new = partial(shows, f"round {number}")
        await asyncio.gather(*(eventually(partial(is_new, one), STALE_SECONDS) for one in readers))


async def test_a_new_post_is_in_the_lists(platform: Platform, ada: Person, grace: Person) -> None:
    paths = [f"/posts/list?author_id={ada.id}", "/posts/list?limit=100"]

    async def shows(post_id: int, reader: Client) -> bool:
        lists = [(await reader.get(path)).data["posts"] for path in paths]
        return all(post_id in {post["id"] for post in posts} for posts in lists)

    for number in range(ROUNDS):
        await read_by_all(platform, [ada, grace], paths)
        post = await ada.write(f"round {number}")
        await seen(platform, ada, grace, partial(shows, post["id"]))


async def test_a_profile_is_as_its_owner_left_it(
    platform: Platform, ada: Person, grace: Person
) -> None:
    post = await ada.write("notes")
    paths = [f"/users/{ada.id}", f"/users/username/{ada.username}", f"/posts/{post['id']}"]

    async def shows(name: str, reader: Client) -> bool:
        by_id, by_name, written = [(await reader.get(path)).data for path in paths]
        return {one.get("full_name") for one in (by_id, by_name, written["author"])} == {name}

    for number in range(ROUNDS):
        await read_by_all(platform, [ada, grace], paths)
        change = {"full_name": f"Ada {number}"}
        assert (await ada.client.put(paths[0], change)).status == 200
        await seen(platform, ada, grace, partial(shows, f"Ada {number}"))


async def test_who_follows_whom_is_as_the_follower_left_it(
    platform: Platform, ada: Person, grace: Person
) -> None:
    paths = [f"/relation/{ada.id}/followees", f"/relation/{grace.id}/followers"]

    async def shows(follows: bool, reader: Client) -> bool:
        followees, followers = [(await reader.get(path)).data for path in paths]
        mine = [one["id"] for one in followees["followees"]]
        theirs = [one["id"] for one in followers["followers"]]
        return (mine, theirs) == (([grace.id], [ada.id]) if follows else ([], []))

    for _ in range(ROUNDS):
        await read_by_all(platform, [ada, grace], paths)
        await ada.follow(grace)
        await seen(platform, ada, grace, partial(shows, True))
        await read_by_all(platform, [ada, grace], paths)
        await ada.unfollow(grace)
        await seen(platform, ada, grace, partial(shows, False))
