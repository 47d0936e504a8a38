"""One suite for the posts: in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

from post_service.adapters.event_records import event_to_record
from post_service.adapters.postgres.posts import PostgresPosts
from post_service.adapters.postgres.units import PostgresUnits
from post_service.application.ports import Posts, Units
from post_service.application.use_cases import Publications
from post_service.domain.errors import AuthorGone, StalePost
from post_service.domain.events import PostDeleted, PostUpdated
from post_service.domain.models import Held, NewPost, Place, Post, PostChange, PostFilter
from tests.builders import a_draft, a_new_post
from tests.fakes import InMemoryPosts

Store = tuple[Posts, Units]

EMPTY = "TRUNCATE posts, tags, post_tags, media, deleted_authors, outbox"


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, database: Database) -> Store:
    if request.param == "memory":
        memory = InMemoryPosts()
        return memory, memory
    await database.fetch("empty", EMPTY)
    return PostgresPosts(database), PostgresUnits(database, event_to_record, lambda: None)


async def publish(units: Units, *new: NewPost) -> list[Post]:
    return [await units.publish(post, None) for post in new]


async def found(
    posts: Posts,
    wanted: PostFilter,
    *,
    after: Place | None = None,
    offset: int = 0,
    limit: int = 20,
) -> list[int]:
    page = await posts.page(wanted, after=after, offset=offset, limit=limit)
    return [post.id for post in page.posts]


async def test_a_post_is_read_as_it_was_made(store: Store) -> None:
    posts, units = store
    media = [a_draft(5, description="A cat."), a_draft(2, kind="video")]
    new = a_new_post(title=" 🎉 ", content="a\nb", tags=["z", "A", "a"], media=media)
    (made,) = await publish(units, new)
    assert (made.author_id, made.title, made.content) == (1, " 🎉 ", "a\nb")
    assert [tag.name for tag in made.tags] == ["z", "A", "a"]
    assert [(item.position, item.type, item.description) for item in made.media] == [
        (2, "video", None),
        (5, "image", "A cat."),
    ]
    assert made.created_at == made.updated_at
    assert await posts.get(made.id) == made
    assert await posts.get_many([made.id, made.id + 1000]) == [made]


async def test_a_post_may_have_neither_tags_nor_media(store: Store) -> None:
    posts, units = store
    (made,) = await publish(units, a_new_post())
    assert (made.tags, made.media) == ((), ())
    assert await posts.get(made.id) == made


async def test_a_post_that_is_none_is_none(store: Store) -> None:
    posts, units = store
    assert await posts.get(1) is None
    assert await posts.get(2**63 - 1) is None
    assert await posts.get_many([1, 2]) == []
    async with units.begin() as unit:
        assert await unit.lock(1) is None


async def test_a_tag_is_the_same_for_all_posts(store: Store) -> None:
    _, units = store
    first, second = await publish(units, a_new_post(tags=["a", "b"]), a_new_post(tags=["b", "c"]))
    assert first.tags[1] == second.tags[0]
    assert len({tag.id for tag in (*first.tags, *second.tags)}) == 3


async def test_a_key_of_an_author_makes_one_post(store: Store) -> None:
    _, units = store
    first = await units.publish(a_new_post(tags=["a"], media=[a_draft()]), "key")
    assert await units.publish(a_new_post(title="other", tags=["b"]), "key") == first
    other = await units.publish(a_new_post(author_id=2), "key")
    assert other.id != first.id


async def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    posts, units = store

    (made,) = await publish(units, a_new_post())

    async def change_and_fail() -> None:
        async with units.begin() as unit:
            await unit.lock(made.id)
            await unit.change(made.id, PostChange(title="new"))
            await unit.forget(made.author_id)
            raise LookupError

    with pytest.raises(LookupError):
        await change_and_fail()
    assert await posts.get(made.id) == made
    assert len(await publish(units, a_new_post())) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (PostChange(title="new"), ("new", "text", ["a", "b"], [1, 2])),
        (PostChange(content=""), ("old", "", ["a", "b"], [1, 2])),
        (PostChange(tags=("c", "a")), ("old", "text", ["c", "a"], [1, 2])),
        (PostChange(tags=()), ("old", "text", [], [1, 2])),
        (PostChange(media=(a_draft(2), a_draft(9))), ("old", "text", ["a", "b"], [2, 9])),
        (PostChange(media=()), ("old", "text", ["a", "b"], [])),
        (PostChange("new", "more", (), (a_draft(),)), ("new", "more", [], [1])),
    ],
)
async def test_a_change_replaces_what_is_given_and_nothing_else(
    store: Store, change: PostChange, expected: tuple[object, ...]
) -> None:
    posts, units = store
    new = a_new_post(title="old", content="text", tags=["a", "b"], media=[a_draft(), a_draft()])
    made, other = await publish(units, new, new)
    assert await posts.get(made.id) == made
    async with units.begin() as unit:
        assert await unit.lock(made.id) == Held(1, made.updated_at)
        after = await unit.change(made.id, change)
        unit.emit(PostUpdated(after))
    names, positions = [tag.name for tag in after.tags], [item.position for item in after.media]
    assert (after.title, after.content, names, positions) == expected
    assert after.created_at == made.created_at
    assert after.updated_at > made.updated_at
    assert await posts.get(made.id) == after
    assert await posts.get(other.id) == other


async def test_a_change_of_tags_moves_the_post_between_their_lists(store: Store) -> None:
    posts, units = store
    (made,) = await publish(units, a_new_post(tags=["a", "b"]))
    async with units.begin() as unit:
        await unit.lock(made.id)
        await unit.change(made.id, PostChange(tags=("b", "c")))
    assert await found(posts, PostFilter(tags=("a",))) == []
    assert await found(posts, PostFilter(tags=("b",))) == [made.id]
    assert await found(posts, PostFilter(tags=("c",))) == [made.id]


async def test_of_two_changes_based_on_one_version_one_wins(store: Store) -> None:
    posts, units = store
    (made,) = await publish(units, a_new_post(title="old"))
    publications = Publications(posts, units)
    outcomes = await asyncio.gather(
        publications.update(made.id, PostChange(title="a"), 1, made.updated_at),
        publications.update(made.id, PostChange(title="b"), 1, made.updated_at),
        return_exceptions=True,
    )
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, Post)]
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, StalePost)]
    assert (lost.code, await posts.get(made.id)) == ("PRECONDITION_FAILED", won)
    with pytest.raises(StalePost):
        await publications.delete(made.id, 1, made.updated_at)
    await publications.delete(made.id, 1, won.updated_at)
    assert await posts.get(made.id) is None


async def test_a_removed_post_is_gone_with_all_its_parts(store: Store) -> None:
    posts, units = store
    gone, kept = await publish(units, *[a_new_post(tags=["a"], media=[a_draft()])] * 2)
    assert await posts.get(gone.id) == gone
    async with units.begin() as unit:
        await unit.lock(gone.id)
        assert await unit.remove([gone.id]) == [gone.id]
        assert await unit.remove([gone.id]) == []
        unit.emit(PostDeleted(gone.id, gone.author_id))
    assert await posts.get(gone.id) is None
    assert await found(posts, PostFilter(tags=("a",))) == [kept.id]


async def test_lists_are_newest_first_and_know_whether_they_go_on(store: Store) -> None:
    posts, units = store
    made = await publish(units, *[a_new_post()] * 5)
    page = await posts.page(PostFilter(), after=None, offset=0, limit=3)
    assert page.posts == tuple(reversed(made[2:]))
    assert (page.has_more, page.total, page.total_is_estimate) == (True, 5, False)
    page = await posts.page(PostFilter(), after=None, offset=3, limit=2)
    assert page.posts == tuple(reversed(made[:2]))
    assert (page.has_more, page.total) == (False, 5)
    page = await posts.page(PostFilter(), after=None, offset=9, limit=2)
    assert (page.posts, page.has_more, page.total) == ((), False, 5)


async def test_a_list_of_nothing_has_a_total_of_nothing(store: Store) -> None:
    posts, _ = store
    page = await posts.page(PostFilter(author_id=9), after=None, offset=0, limit=3)
    assert (page.posts, page.has_more, page.total) == ((), False, 0)


@pytest.mark.parametrize("wanted", [PostFilter(), PostFilter(author_id=1), PostFilter(tags=("a",))])
async def test_a_list_goes_on_after_a_place_whatever_comes_and_goes(
    store: Store, wanted: PostFilter
) -> None:
    posts, units = store
    new = a_new_post(tags=["a"])
    made = [post.id for post in await publish(units, *[new] * 4)]
    first = await posts.page(wanted, after=None, offset=0, limit=2)
    last = first.posts[-1]
    place = Place(last.created_at, last.id)
    assert await found(posts, wanted, after=place) == [made[1], made[0]]
    await publish(units, new)
    async with units.begin() as unit:
        await unit.remove([last.id])
    assert await found(posts, wanted, after=place) == [made[1], made[0]]
    assert await found(posts, wanted, after=place, limit=1) == [made[1]]


async def test_a_list_satisfies_every_filter(store: Store) -> None:
    posts, units = store
    a, ab, b, other = await publish(
        units,
        a_new_post(tags=["a"]),
        a_new_post(tags=["b", "a"]),
        a_new_post(tags=["b"]),
        a_new_post(author_id=2, tags=["a", "b", "c"]),
    )
    for wanted, expected in (
        (PostFilter(author_id=1), [b.id, ab.id, a.id]),
        (PostFilter(author_id=3), []),
        (PostFilter(tags=("a",)), [other.id, ab.id, a.id]),
        (PostFilter(tags=("A",)), []),
        (PostFilter(tags=("a", "b")), [other.id, ab.id]),
        (PostFilter(tags=("a", "b", "none")), []),
        (PostFilter(author_id=1, tags=("a",)), [ab.id, a.id]),
        (PostFilter(author_id=1, tags=("b", "a")), [ab.id]),
        (PostFilter(author_id=1, tags=("c",)), []),
        (PostFilter(created_after=ab.created_at), [other.id, b.id, ab.id]),
        (PostFilter(created_before=ab.created_at), [ab.id, a.id]),
        (PostFilter(created_after=ab.created_at, created_before=ab.created_at), [ab.id]),
        (PostFilter(1, ("a", "b"), a.created_at, other.created_at), [ab.id]),
        (PostFilter(tags=("b",), created_before=b.created_at), [b.id, ab.id]),
        (PostFilter(created_after=other.created_at + timedelta(seconds=1)), []),
    ):
        page = await posts.page(wanted, after=None, offset=0, limit=20)
        assert [post.id for post in page.posts] == expected, wanted
        assert page.total == len(expected), wanted


async def test_the_posts_of_an_author_are_removed_some_at_a_time(store: Store) -> None:
    posts, units = store
    mine = await publish(units, *[a_new_post(author_id=1, tags=["a"], media=[a_draft()])] * 3)
    (other,) = await publish(units, a_new_post(author_id=2))
    removed = []
    for expected in (2, 1, 0):
        async with units.begin() as unit:
            some = await unit.some_of(1, 2)
            assert await unit.remove(some) == some
        assert len(some) == expected
        removed += some
    assert sorted(removed) == [post.id for post in mine]
    assert await found(posts, PostFilter()) == [other.id]


async def test_a_deleted_author_publishes_no_more(store: Store) -> None:
    _, units = store
    async with units.begin() as unit:
        await unit.forget(1)
        await unit.forget(1)
    with pytest.raises(AuthorGone):
        await publish(units, a_new_post(author_id=1))
    assert await publish(units, a_new_post(author_id=2))
