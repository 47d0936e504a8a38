"""What one can do with posts, and what not."""

import pytest

from post_service.application.use_cases import MOST_IDS, REMOVED_AT_ONCE, Publications
from post_service.domain.errors import (
    AuthorGone,
    Forbidden,
    InvalidPost,
    PostNotFound,
    TooManyIds,
)
from post_service.domain.events import PostDeleted, PostUpdated
from post_service.domain.models import PostChange, PostFilter
from tests.builders import a_draft, a_new_post, announcement
from tests.fakes import InMemoryPosts


@pytest.fixture
def posts() -> InMemoryPosts:
    return InMemoryPosts()


@pytest.fixture
def publications(posts: InMemoryPosts) -> Publications:
    return Publications(posts=posts, units=posts)


async def test_a_post_is_stored_and_announced(
    publications: Publications, posts: InMemoryPosts
) -> None:
    created = await publications.create(a_new_post(tags=["a"]), None)
    assert await publications.get(created.id) == created
    assert posts.events == [announcement(created)]


async def test_the_same_key_of_the_same_author_makes_one_post_and_one_announcement(
    publications: Publications, posts: InMemoryPosts
) -> None:
    first = await publications.create(a_new_post(title="first"), "key")
    again = await publications.create(a_new_post(title="second"), "key")
    assert again == first
    assert posts.events == [announcement(first)]


async def test_the_same_key_of_another_author_makes_another_post(
    publications: Publications,
) -> None:
    first = await publications.create(a_new_post(author_id=1), "key")
    other = await publications.create(a_new_post(author_id=2), "key")
    assert other.id != first.id


@pytest.mark.parametrize("key", ["a\0b", "x" * 256])
async def test_a_key_that_cannot_be_kept_is_a_violation(
    publications: Publications, key: str
) -> None:
    with pytest.raises(InvalidPost) as caught:
        await publications.create(a_new_post(), key)
    assert [violation.field for violation in caught.value.violations] == ["idempotency_key"]


async def test_a_post_that_is_none_is_not_found(publications: Publications) -> None:
    with pytest.raises(PostNotFound, match="post not found"):
        await publications.get(99)
    with pytest.raises(PostNotFound):
        await publications.update(99, PostChange(title="x"), 1)
    with pytest.raises(PostNotFound):
        await publications.delete(99, 1)


async def test_a_batch_asks_for_each_post_once(
    publications: Publications, posts: InMemoryPosts
) -> None:
    created = await publications.create(a_new_post(), None)
    assert await publications.get_many([created.id, 99, created.id]) == [created]
    assert posts.reads == [[created.id, 99]]
    assert await publications.get_many([]) == []


async def test_a_batch_is_bounded(publications: Publications) -> None:
    assert await publications.get_many([*range(1, MOST_IDS + 1), 1]) == []
    with pytest.raises(TooManyIds) as caught:
        await publications.get_many(range(1, MOST_IDS + 2))
    assert [violation.field for violation in caught.value.violations] == ["ids"]


async def test_a_change_replaces_what_is_given_and_is_announced(
    publications: Publications, posts: InMemoryPosts
) -> None:
    new = a_new_post(title="old", content="text", tags=["a"], media=[a_draft()])
    before = await publications.create(new, None)
    after = await publications.update(before.id, PostChange(title="new", tags=("b",)), 1)
    assert (after.title, after.content) == ("new", "text")
    assert [tag.name for tag in after.tags] == ["b"]
    assert after.media == before.media
    assert posts.events[1:] == [PostUpdated(after)]


async def test_a_change_of_nothing_leaves_the_post_and_announces_nothing(
    publications: Publications, posts: InMemoryPosts
) -> None:
    before = await publications.create(a_new_post(), None)
    assert await publications.update(before.id, PostChange(), 1) == before
    assert posts.events == [announcement(before)]


async def test_only_its_author_changes_or_deletes_a_post(
    publications: Publications, posts: InMemoryPosts
) -> None:
    created = await publications.create(a_new_post(author_id=1), None)
    for change in (PostChange(title="mine"), PostChange()):
        with pytest.raises(Forbidden, match="forbidden"):
            await publications.update(created.id, change, 2)
    with pytest.raises(Forbidden, match="forbidden"):
        await publications.delete(created.id, 2)
    assert await publications.get(created.id) == created
    assert posts.events == [announcement(created)]


async def test_a_deleted_post_is_gone_and_announced(
    publications: Publications, posts: InMemoryPosts
) -> None:
    created = await publications.create(a_new_post(), None)
    await publications.delete(created.id, 1)
    with pytest.raises(PostNotFound):
        await publications.get(created.id)
    assert posts.events[1:] == [PostDeleted(created.id, 1)]


async def test_the_posts_of_a_deleted_author_go_in_chunks_each_announced(
    publications: Publications, posts: InMemoryPosts
) -> None:
    count = 2 * REMOVED_AT_ONCE + 1
    mine = [await publications.create(a_new_post(author_id=1), None) for _ in range(count)]
    other = await publications.create(a_new_post(author_id=2), None)
    await publications.author_deleted(1)
    assert list(posts.rows.values()) == [other]
    assert posts.events[count + 1 :] == [PostDeleted(post.id, 1) for post in mine]


async def test_a_deleted_author_publishes_no_more(
    publications: Publications, posts: InMemoryPosts
) -> None:
    await publications.author_deleted(1)
    with pytest.raises(AuthorGone, match="unauthenticated"):
        await publications.create(a_new_post(author_id=1), None)
    assert not posts.rows


async def test_a_deletion_that_comes_twice_announces_once(
    publications: Publications, posts: InMemoryPosts
) -> None:
    await publications.create(a_new_post(author_id=1), None)
    await publications.author_deleted(1)
    announced = list(posts.events)
    await publications.author_deleted(1)
    assert posts.events == announced


async def test_a_list_takes_every_filter(publications: Publications) -> None:
    await publications.create(a_new_post(author_id=1, tags=["a"]), None)
    wanted = await publications.create(a_new_post(author_id=1, tags=["a", "b"]), None)
    await publications.create(a_new_post(author_id=2, tags=["a", "b"]), None)
    page = await publications.page(
        PostFilter(author_id=1, tags=("b", "a")), after=None, offset=0, limit=20
    )
    assert (page.posts, page.total, page.has_more) == ((wanted,), 1, False)
