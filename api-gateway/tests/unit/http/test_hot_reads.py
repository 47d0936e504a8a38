"""Reads that are kept for a moment: one's own writes at once, others' within a second."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from service_kit.errors import Unavailable
from service_kit.testing import eventually

from api_gateway.adapters.http.hot_reads import LIFETIME_SECONDS
from api_gateway.application.changes import LONGEST_SECONDS
from tests.fakes.authors import an_author
from tests.fakes.posts import Gate
from tests.unit.http.hot_house import House, a_house, change, title_of, titles_of
from tests.unit.http.posts_world import World

_OF_ANN = "author_id=1&limit=5"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with a_house() as made:
        yield made


async def _is_titled(world: World, title: str) -> bool:
    return await title_of(world) == title


async def test_what_is_kept_is_answered_without_asking_anybody(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    first = await house.here.request("GET", "/posts/1", 2)
    house.here.posts.posts.clear()
    again = await house.here.request("GET", "/posts/1", 2)
    assert again.json()["data"] == first.json()["data"]
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    known = await house.here.request("GET", "/posts/1", 2, if_none_match=first.headers["etag"])
    assert (known.status_code, known.content) == (304, b"")
    assert (await house.here.request("HEAD", "/posts/1", 2)).content == b""


async def test_the_author_reads_a_change_at_once_at_every_gateway(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    for world in (house.here, house.there):
        assert await title_of(world, 1) == "old"
        assert await titles_of(world, 1) == ["old"]
    house.later(0.001)
    await change(house.here, "new")
    house.later(0.001)
    for world in (house.here, house.there):
        assert await title_of(world, 1) == "new"
        assert await titles_of(world, 1) == ["new"]


async def test_others_read_a_change_within_a_second_at_every_gateway(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await titles_of(house.there) == ["old"]
    house.later(0.1)
    await change(house.here, "new")
    house.later(LIFETIME_SECONDS)
    assert LIFETIME_SECONDS < 1
    assert await titles_of(house.there) == ["new"]


async def test_what_a_user_changes_of_their_own_is_read_by_others_at_once(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    for world in (house.here, house.there):
        tag = (await world.request("GET", "/posts/1", 2)).headers["etag"]
        assert await titles_of(world, query=_OF_ANN) == ["old"]
    house.later(0.001)
    await change(house.here, "new")
    for world in (house.here, house.there):
        answer = await world.request("GET", "/posts/1", 2, if_none_match=tag)
        assert (answer.status_code, answer.json()["data"]["title"]) == (200, "new")
        assert await titles_of(world, query=_OF_ANN) == ["new"]


async def test_what_the_author_has_fetched_anew_is_new_for_everybody(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await titles_of(house.here) == ["old"]
    await change(house.here, "new")
    house.later(0.001)
    assert await titles_of(house.here, 2) == ["old"]
    assert await titles_of(house.here, 1) == ["new"]
    assert await titles_of(house.here, 2) == ["new"]


async def test_a_deleted_post_is_gone_at_once_from_lists_of_others_within_a_second(
    house: House,
) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await title_of(house.there, 2) == "old"
    assert await titles_of(house.there, 1) == ["old"]
    house.later(0.001)
    assert (await house.here.request("DELETE", "/posts/1", 1)).status_code == 200
    house.later(0.001)
    for reader in (1, 2):
        assert (await house.there.request("GET", "/posts/1", reader)).status_code == 404
    assert await titles_of(house.there, 1) == []
    house.later(LIFETIME_SECONDS)
    assert await titles_of(house.there, 2) == []


async def test_a_renamed_author_is_renamed_in_what_is_kept_within_a_second(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    await title_of(house.there)
    house.here.authors.users[1] = an_author(1, "anna")
    house.later(LIFETIME_SECONDS)
    answer = await house.there.request("GET", "/posts/1", 2)
    assert answer.json()["data"]["author"]["username"] == "anna"


async def test_nobody_waits_for_what_is_popular(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    for _ in range(4):
        assert await title_of(house.here) == "old"
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    gate = house.here.posts.gate = Gate()
    house.later(LIFETIME_SECONDS * 0.6)
    assert await title_of(house.here) == "old"
    async with asyncio.timeout(10):
        await gate.reached.wait()  # it is being fetched, for others
    assert await title_of(house.here) == "old"
    assert house.here.posts.asked == 2
    gate.opened.set()
    await eventually(partial(_is_titled, house.here, "new"))
    house.later(LIFETIME_SECONDS * 0.45)
    assert await title_of(house.here) == "new"
    assert house.here.posts.asked == 2


async def test_what_few_ask_for_is_not_fetched_until_somebody_does(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    for _ in range(2):
        await title_of(house.here)
    house.later(LIFETIME_SECONDS * 0.9)
    await title_of(house.here)
    await asyncio.sleep(0)
    assert house.here.posts.asked == 1


async def test_nothing_kept_is_answered_while_other_gateways_are_not_heard(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await title_of(house.there, 2) == "old"
    house.writes[1].hears(False)
    house.there.posts.posts[1] = replace(house.there.posts.posts[1], title="new")
    assert await title_of(house.there, 2) == "new"


async def test_open_reads_never_show_what_anybody_has_changed_since() -> None:
    async with a_house(reads_are_open=True) as house:
        await house.here.written("old", user=1)
        house.later(0.001)
        assert await title_of(house.there, None) == "old"
        await change(house.here, "new")
        house.later(0.001)
        assert await title_of(house.there, None) == "new"


async def _kept(house: House) -> None:
    """A post of 1 and the page with it are kept at both gateways, and their services answer."""
    await house.here.written("old", user=1)
    await house.asked(1)
    for world in (house.here, house.there):
        assert await title_of(world) == "old"
        assert await titles_of(world, query=_OF_ANN) == ["old"]


async def test_what_one_user_makes_is_kept_while_its_services_confirm_it(house: House) -> None:
    await _kept(house)
    asked = house.here.posts.asked
    await house.asked(LONGEST_SECONDS / 3)
    await house.here.written("of another", user=2)
    house.later(0.001)
    for reader in (1, 2):
        assert await title_of(house.here, reader) == "old"
        assert await titles_of(house.there, reader, _OF_ANN) == ["old"]
    assert house.here.posts.asked == asked
    await house.asked(LONGEST_SECONDS)
    await title_of(house.here)
    assert house.here.posts.asked == asked + 1


async def test_what_its_author_changes_is_read_by_all_within_a_second(house: House) -> None:
    await _kept(house)
    await house.asked(2)
    await change(house.here, "new")
    house.later(0.001)
    for world in (house.here, house.there):
        for reader in (1, 2):
            assert await title_of(world, reader) == "new"
            assert await titles_of(world, reader, _OF_ANN) == ["new"]


async def test_what_is_changed_by_another_way_is_read_within_a_second(house: House) -> None:
    await _kept(house)
    await house.asked(2)
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    house.posts.made.append(1)
    await house.asked(0.25)
    assert await title_of(house.here) == "new"
    assert await titles_of(house.there, query=_OF_ANN) == ["new"]


async def test_while_a_service_confirms_nothing_all_is_as_old_as_before(house: House) -> None:
    await _kept(house)
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    house.posts.failure = Unavailable()
    house.later(LIFETIME_SECONDS)
    assert await title_of(house.here) == "new"


async def test_who_was_told_of_something_reads_it_whoever_wrote_it(house: House) -> None:
    await _kept(house)
    await house.asked(2)
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    house.writes[0].note_told(2)
    house.later(0.001)
    assert await title_of(house.here, 3) == "old"
    assert await title_of(house.here, 2) == "new"


async def test_pages_of_several_authors_are_not_kept_longer(house: House) -> None:
    await _kept(house)
    assert await titles_of(house.here) == ["old"]
    await house.here.written("newer", user=2)
    await house.asked(LIFETIME_SECONDS)
    assert await titles_of(house.here, 1) == ["newer", "old"]
