"""Loads of hot reads that several wait for: one question, and nobody the worse for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from service_kit.errors import DeadlineExceeded, Unavailable

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.hot_reads import LIFETIME_SECONDS, HotReads
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.domain.post import PostChange
from tests.fakes.gateways import InMemoryGateways
from tests.fakes.posts import Gate
from tests.unit.http.hot_house import House, a_house, change, held_up, title_of


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with a_house() as made:
        yield made


def reads_of_one() -> tuple[HotReads, list[float]]:
    """What a gateway alone keeps, and its clock."""
    now, gateways = [1000.0], InMemoryGateways()
    writes = RecentWrites(lambda: now[0])
    gateways.join(writes)
    now[0] += 0.001
    return HotReads(writes, gateways, lambda: now[0]), now


async def test_many_who_ask_at_once_are_one_question(house: House) -> None:
    async with held_up(house, *[2] * 20) as reading:
        assert house.there.posts.asked == 1
    assert await asyncio.gather(*reading) == ["old"] * 20
    assert house.there.posts.asked == 1


async def test_each_who_waited_for_an_error_gets_it_with_its_own_request_id(house: House) -> None:
    gate = house.here.posts.gate = Gate(Unavailable())
    asking = [
        asyncio.create_task(house.here.request("GET", "/posts/1", 2, x_request_id=f"r{n}"))
        for n in range(3)
    ]
    await gate.reached.wait()
    gate.opened.set()
    answers = await asyncio.gather(*asking)
    assert [answer.status_code for answer in answers] == [503] * 3
    assert [answer.json()["request_id"] for answer in answers] == ["r0", "r1", "r2"]


async def test_the_deadline_of_who_began_a_load_is_not_that_of_who_joined_it() -> None:
    hot, _ = reads_of_one()
    may_end = asyncio.Event()
    ends: list[Exception | None] = [DeadlineExceeded(), None]
    loads = iter(ends)

    async def work() -> Answer:
        end = next(loads)
        await may_end.wait()
        if end is not None:
            raise end
        return ok({"title": "new"}, "found")

    tasks = [asyncio.create_task(hot.load("post", user, work)) for user in (2, 3, 4)]
    await asyncio.sleep(0)
    may_end.set()
    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert first is ends[0]
    assert [each.status for each in others if isinstance(each, Answer)] == [200, 200]
    assert not list(loads)


async def test_a_load_that_began_before_a_write_is_not_kept_for_its_author(house: House) -> None:
    async with held_up(house, 2) as reading:
        await change(house.here, "new")
        house.later(0.001)
        own = asyncio.create_task(title_of(house.there, 1))
    assert await own == "new"
    assert await asyncio.gather(*reading) == ["old"]
    assert await title_of(house.there, 1) == "new"


async def test_who_joined_a_load_is_not_given_what_a_write_has_made_old(house: House) -> None:
    async with held_up(house, 2, 3) as reading:
        house.there.posts.gate = None
        await change(house.here, "new")
    assert await asyncio.gather(*reading) == ["old", "new"]


async def test_nobody_waits_for_a_load_that_began_long_ago(house: House) -> None:
    async with held_up(house, 2) as reading:
        house.there.posts.gate = None
        past_both = PostChange("new", None, None, None)
        await house.there.posts.update(1, 1, past_both)
        house.later(LIFETIME_SECONDS)
        assert await title_of(house.there, 3) == "new"
    assert await asyncio.gather(*reading) == ["old"]


async def test_a_load_that_took_longer_takes_no_younger_answer_away() -> None:
    hot, now = reads_of_one()
    may_end = asyncio.Event()

    async def old() -> Answer:
        await may_end.wait()
        return ok({"title": "old"}, "found")

    async def new() -> Answer:
        return ok({"title": "new"}, "found")

    slow = asyncio.create_task(hot.load("post", 2, old))
    await asyncio.sleep(0)
    now[0] += 0.001
    await hot.wrote(1)
    now[0] += 0.001
    await hot.load("post", 1, new)
    may_end.set()
    await slow
    kept = hot.find("post", 1)
    assert kept is not None
    assert b"new" in kept.stem
