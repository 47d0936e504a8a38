"""Reads that are kept for a moment: one's own writes at once, others' within a second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

import pytest
from service_kit.errors import DeadlineExceeded, Unavailable
from service_kit.testing import eventually

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.hot_reads import LIFETIME_SECONDS, HotReads
from api_gateway.application.changes import LONGEST_SECONDS, KnownChanges
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.domain.post import PostChange
from tests.fakes.authors import an_author
from tests.fakes.changes import InMemoryChanges
from tests.fakes.gateways import InMemoryGateways
from tests.fakes.posts import Gate
from tests.unit.http.posts_world import World, a_world

_OF_ANN = "author_id=1&limit=5"


@dataclass
class House:
    """Two gateways to the same posts, with a clock that stands still."""

    here: World
    there: World
    now: list[float]
    writes: list[RecentWrites]
    posts: InMemoryChanges
    known: list[KnownChanges]

    async def asked(self, seconds: float = 0.0) -> None:
        """Let time pass, with the gateways' questions for changes that fall into it."""
        end = self.now[0] + seconds
        while True:
            for changes in self.known:
                await changes.read()
            if self.now[0] >= end:
                return
            self.now[0] = min(end, self.now[0] + 0.25)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now[0] += seconds


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield await _house(stack)


async def _house(stack: AsyncExitStack, *, reads_are_open: bool = False) -> House:
    now, gateways, hots, writes = [1000.0], InMemoryGateways(), [], []
    feed, changes = InMemoryChanges(), []
    for _ in range(2):
        known = RecentWrites(lambda: now[0])
        gateways.join(known)
        writes.append(known)
        changes.append(KnownChanges(feed, lambda: now[0]))
        hots.append(HotReads(known, gateways, lambda: now[0], changes[-1:]))
    here = await stack.enter_async_context(a_world(reads_are_open=reads_are_open, hot=hots[0]))
    other = a_world(reads_are_open=reads_are_open, hot=hots[1], of=here)
    house = House(here, await stack.enter_async_context(other), now, writes, feed, changes)
    house.later(0.001)
    return house


async def _title(world: World, user: int | None = 2, post: int = 1) -> str:
    answer = await world.request("GET", f"/posts/{post}", user)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["title"])


async def _titles(world: World, user: int | None = 2, query: str = "limit=5") -> list[str]:
    answer = await world.request("GET", f"/posts/list?{query}", user)
    return [post["title"] for post in answer.json()["data"]["posts"]]


async def _is_titled(world: World, title: str) -> bool:
    return await _title(world) == title


async def _change(world: World, title: str) -> None:
    answer = await world.request("PUT", "/posts/1", 1, {"title": title})
    assert answer.status_code == 200, answer.text


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
        assert await _title(world, 1) == "old"
        assert await _titles(world, 1) == ["old"]
    house.later(0.001)
    await _change(house.here, "new")
    house.later(0.001)
    for world in (house.here, house.there):
        assert await _title(world, 1) == "new"
        assert await _titles(world, 1) == ["new"]


async def test_others_read_a_change_within_a_second_at_every_gateway(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await _titles(house.there) == ["old"]
    house.later(0.1)
    await _change(house.here, "new")
    house.later(LIFETIME_SECONDS)
    assert LIFETIME_SECONDS < 1
    assert await _titles(house.there) == ["new"]


async def test_what_a_user_changes_of_their_own_is_read_by_others_at_once(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    for world in (house.here, house.there):
        tag = (await world.request("GET", "/posts/1", 2)).headers["etag"]
        assert await _titles(world, query=_OF_ANN) == ["old"]
    house.later(0.001)
    await _change(house.here, "new")
    for world in (house.here, house.there):
        answer = await world.request("GET", "/posts/1", 2, if_none_match=tag)
        assert (answer.status_code, answer.json()["data"]["title"]) == (200, "new")
        assert await _titles(world, query=_OF_ANN) == ["new"]


async def test_what_the_author_has_fetched_anew_is_new_for_everybody(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await _titles(house.here) == ["old"]
    await _change(house.here, "new")
    house.later(0.001)
    assert await _titles(house.here, 2) == ["old"]
    assert await _titles(house.here, 1) == ["new"]
    assert await _titles(house.here, 2) == ["new"]


async def test_a_deleted_post_is_gone_at_once_from_lists_of_others_within_a_second(
    house: House,
) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await _title(house.there, 2) == "old"
    assert await _titles(house.there, 1) == ["old"]
    house.later(0.001)
    assert (await house.here.request("DELETE", "/posts/1", 1)).status_code == 200
    house.later(0.001)
    for reader in (1, 2):
        assert (await house.there.request("GET", "/posts/1", reader)).status_code == 404
    assert await _titles(house.there, 1) == []
    house.later(LIFETIME_SECONDS)
    assert await _titles(house.there, 2) == []


async def test_a_renamed_author_is_renamed_in_what_is_kept_within_a_second(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    await _title(house.there)
    house.here.authors.users[1] = an_author(1, "anna")
    house.later(LIFETIME_SECONDS)
    answer = await house.there.request("GET", "/posts/1", 2)
    assert answer.json()["data"]["author"]["username"] == "anna"


async def test_a_load_that_began_before_a_write_is_not_kept_for_its_author(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    gate = house.there.posts.gate = Gate()
    reading = asyncio.create_task(_title(house.there, 2))
    await gate.reached.wait()
    house.later(0.001)
    await _change(house.here, "new")
    house.later(0.001)
    own = asyncio.create_task(_title(house.there, 1))
    gate.opened.set()
    assert await own == "new"
    assert await reading == "old"
    assert await _title(house.there, 1) == "new"


async def test_nobody_waits_for_a_load_that_began_long_ago(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    gate = house.there.posts.gate = Gate()
    slow = asyncio.create_task(_title(house.there, 2))
    await gate.reached.wait()
    house.there.posts.gate = None
    await house.there.posts.update(1, 1, PostChange("new", None, None, None))  # past both gateways
    house.later(LIFETIME_SECONDS)
    assert await _title(house.there, 3) == "new"
    gate.opened.set()
    assert await slow == "old"


async def test_who_joined_a_load_is_not_given_what_a_write_has_made_old(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    gate = house.there.posts.gate = Gate()
    first, joined = (asyncio.create_task(_title(house.there, user)) for user in (2, 3))
    await gate.reached.wait()
    house.later(0.001)
    house.there.posts.gate = None
    await _change(house.here, "new")
    gate.opened.set()
    assert (await first, await joined) == ("old", "new")


async def test_the_deadline_of_who_began_a_load_is_not_that_of_who_joined_it() -> None:
    now, gateways, may_end = [1000.0], InMemoryGateways(), asyncio.Event()
    writes = RecentWrites(lambda: now[0])
    gateways.join(writes)
    now[0] += 0.001
    hot = HotReads(writes, gateways, lambda: now[0])
    ends: list[Exception | None] = [DeadlineExceeded(), None]
    loads = iter(ends)

    async def work() -> Answer:
        end = next(loads)
        await may_end.wait()
        if end is not None:
            raise end
        return ok({"title": "new"}, "found")

    tasks = [asyncio.create_task(hot.load("post", user, work)) for user in (2, 3, 4)]
    await asyncio.wait(tasks, timeout=0.05)
    may_end.set()
    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert first is ends[0]
    assert [each.status for each in others if isinstance(each, Answer)] == [200, 200]
    assert not list(loads)


async def test_a_load_that_took_longer_takes_no_younger_answer_away() -> None:
    now, gateways, writes = [1000.0], InMemoryGateways(), RecentWrites(lambda: now[0])
    gateways.join(writes)
    hot, may_end = HotReads(writes, gateways, lambda: now[0]), asyncio.Event()

    async def old() -> Answer:
        await may_end.wait()
        return ok({"title": "old"}, "found")

    async def new() -> Answer:
        return ok({"title": "new"}, "found")

    now[0] += 0.001
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


async def test_nobody_waits_for_what_is_popular(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    for _ in range(4):
        assert await _title(house.here) == "old"
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    gate = house.here.posts.gate = Gate()
    house.later(LIFETIME_SECONDS * 0.6)
    assert await _title(house.here) == "old"
    async with asyncio.timeout(10):
        await gate.reached.wait()  # it is being fetched, for others
    assert await _title(house.here) == "old"
    assert house.here.posts.asked == 2
    gate.opened.set()
    await eventually(partial(_is_titled, house.here, "new"))
    house.later(LIFETIME_SECONDS * 0.45)
    assert await _title(house.here) == "new"
    assert house.here.posts.asked == 2


async def test_what_few_ask_for_is_not_fetched_until_somebody_does(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    for _ in range(2):
        await _title(house.here)
    house.later(LIFETIME_SECONDS * 0.9)
    await _title(house.here)
    await asyncio.sleep(0)
    assert house.here.posts.asked == 1


async def test_many_who_ask_at_once_are_one_question(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    gate = house.here.posts.gate = Gate()
    readers = [asyncio.create_task(_title(house.here, 2)) for _ in range(20)]
    await gate.reached.wait()
    gate.opened.set()
    assert await asyncio.gather(*readers) == ["old"] * 20
    assert house.here.posts.asked == 1


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


async def test_nothing_kept_is_answered_while_other_gateways_are_not_heard(house: House) -> None:
    await house.here.written("old", user=1)
    house.later(0.001)
    assert await _title(house.there, 2) == "old"
    house.writes[1].hears(False)
    house.there.posts.posts[1] = replace(house.there.posts.posts[1], title="new")
    assert await _title(house.there, 2) == "new"


async def test_open_reads_never_show_what_anybody_has_changed_since() -> None:
    async with AsyncExitStack() as stack:
        house = await _house(stack, reads_are_open=True)
        await house.here.written("old", user=1)
        house.later(0.001)
        assert await _title(house.there, None) == "old"
        await _change(house.here, "new")
        house.later(0.001)
        assert await _title(house.there, None) == "new"


async def _kept(house: House) -> None:
    """A post of 1 and the page with it are kept at both gateways, and their services answer."""
    await house.here.written("old", user=1)
    await house.asked(1)
    for world in (house.here, house.there):
        assert await _title(world) == "old"
        assert await _titles(world, query=_OF_ANN) == ["old"]


async def test_what_one_user_makes_is_kept_while_its_services_confirm_it(house: House) -> None:
    await _kept(house)
    asked = house.here.posts.asked
    await house.asked(LONGEST_SECONDS / 3)
    await house.here.written("of another", user=2)
    house.later(0.001)
    for reader in (1, 2):
        assert await _title(house.here, reader) == "old"
        assert await _titles(house.there, reader, _OF_ANN) == ["old"]
    assert house.here.posts.asked == asked
    await house.asked(LONGEST_SECONDS)
    await _title(house.here)
    assert house.here.posts.asked == asked + 1


async def test_what_its_author_changes_is_read_by_all_within_a_second(house: House) -> None:
    await _kept(house)
    await house.asked(2)
    await _change(house.here, "new")
    house.later(0.001)
    for world in (house.here, house.there):
        for reader in (1, 2):
            assert await _title(world, reader) == "new"
            assert await _titles(world, reader, _OF_ANN) == ["new"]


async def test_what_is_changed_by_another_way_is_read_within_a_second(house: House) -> None:
    await _kept(house)
    await house.asked(2)
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    house.posts.made.append(1)
    await house.asked(0.25)
    assert await _title(house.here) == "new"
    assert await _titles(house.there, query=_OF_ANN) == ["new"]


async def test_while_a_service_confirms_nothing_all_is_as_old_as_before(house: House) -> None:
    await _kept(house)
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    house.posts.failure = Unavailable()
    house.later(LIFETIME_SECONDS)
    assert await _title(house.here) == "new"


async def test_who_was_told_of_something_reads_it_whoever_wrote_it(house: House) -> None:
    await _kept(house)
    await house.asked(2)
    house.here.posts.posts[1] = replace(house.here.posts.posts[1], title="new")
    house.writes[0].note_told(2)
    house.later(0.001)
    assert await _title(house.here, 3) == "old"
    assert await _title(house.here, 2) == "new"


async def test_pages_of_several_authors_are_not_kept_longer(house: House) -> None:
    await _kept(house)
    assert await _titles(house.here) == ["old"]
    await house.here.written("newer", user=2)
    await house.asked(LIFETIME_SECONDS)
    assert await _titles(house.here, 1) == ["newer", "old"]
