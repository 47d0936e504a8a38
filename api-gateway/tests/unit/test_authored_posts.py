"""Posts are shown with their authors, whatever became of these."""

import pytest
from service_kit.errors import PermissionDenied, Unauthenticated, Unavailable

from api_gateway.application.posts import AuthoredPosts
from api_gateway.domain.post import (
    DELETED_AUTHOR,
    Author,
    PostChange,
    PostDraft,
    PostFilter,
    PostNotFound,
)
from tests.fakes.authors import InMemoryAuthors, an_author
from tests.fakes.posts import InMemoryPosts

EVERYTHING = PostFilter()
ANN = Author(1, "ann", "Ann A.", "https://img.example/a")
BOB = Author(2, "bob")


@pytest.fixture
def posts() -> InMemoryPosts:
    return InMemoryPosts()


@pytest.fixture
def authors() -> InMemoryAuthors:
    return InMemoryAuthors(
        an_author(1, "ann", full_name="Ann A.", avatar_url="https://img.example/a", bio="hidden"),
        an_author(2, "bob"),
    )


@pytest.fixture
def authored(posts: InMemoryPosts, authors: InMemoryAuthors) -> AuthoredPosts:
    return AuthoredPosts(posts, authors)


async def written(posts: InMemoryPosts, *author_ids: int) -> None:
    for author_id in author_ids:
        await posts.create(author_id, PostDraft(f"by {author_id}"), idempotency_key="")


async def test_a_post_is_shown_with_its_author(
    authored: AuthoredPosts, posts: InMemoryPosts
) -> None:
    await written(posts, 1)
    found = await authored.get(1)
    assert (found.post.title, found.author) == ("by 1", ANN)


async def test_a_post_outlives_its_author_for_a_while(
    authored: AuthoredPosts, posts: InMemoryPosts
) -> None:
    await written(posts, 9)
    assert (await authored.get(1)).author == DELETED_AUTHOR


async def test_a_page_asks_once_for_all_its_authors(
    authored: AuthoredPosts, posts: InMemoryPosts, authors: InMemoryAuthors
) -> None:
    await written(posts, 1, 2, 1, 9, 2)
    page = await authored.page(EVERYTHING, offset=0, limit=20, cursor="")
    assert [one.author for one in page.items] == [BOB, DELETED_AUTHOR, ANN, BOB, ANN]
    assert authors.asked == [(1, 2, 9)]


async def test_an_empty_page_asks_for_nobody(
    authored: AuthoredPosts, authors: InMemoryAuthors
) -> None:
    page = await authored.page(EVERYTHING, offset=0, limit=20, cursor="")
    assert (page.items, page.total, authors.asked) == ((), 0, [])


async def test_a_page_tells_what_the_list_told(
    authored: AuthoredPosts, posts: InMemoryPosts
) -> None:
    await written(posts, 1, 1, 1)
    posts.counted = 20_000
    page = await authored.page(EVERYTHING, offset=1, limit=1, cursor="")
    assert [one.post.id for one in page.items] == [2]
    assert (page.total, page.total_is_estimate, page.next_cursor) == (20_000, True, "after:2")


async def test_beyond_the_deepest_row_a_page_is_empty_and_knows_the_total(
    authored: AuthoredPosts, posts: InMemoryPosts
) -> None:
    await written(posts, 1, 1)
    page = await authored.page(EVERYTHING, offset=2_000_000, limit=1, cursor="")
    assert (page.items, page.total, page.next_cursor) == ((), 2, "")
    on = await authored.page(EVERYTHING, offset=2_000_000, limit=1, cursor="after:2")
    assert [one.post.id for one in on.items] == [1]


async def test_what_is_published_bears_its_author(
    authored: AuthoredPosts, posts: InMemoryPosts
) -> None:
    made = await authored.publish(1, PostDraft("Harbour"), idempotency_key="")
    assert (made.post, made.author) == (posts.posts[1], ANN)


async def test_the_same_key_publishes_once(authored: AuthoredPosts, posts: InMemoryPosts) -> None:
    first = await authored.publish(1, PostDraft("Harbour"), idempotency_key="k")
    again = await authored.publish(1, PostDraft("Harbour"), idempotency_key="k")
    assert (again, len(posts.posts)) == (first, 1)


async def test_nothing_is_published_while_its_author_cannot_be_looked_up(
    authored: AuthoredPosts, posts: InMemoryPosts, authors: InMemoryAuthors
) -> None:
    authors.failure = Unavailable()
    with pytest.raises(Unavailable):
        await authored.publish(1, PostDraft("Harbour"), idempotency_key="")
    assert posts.posts == {}


async def test_an_account_that_is_gone_publishes_nothing(
    authored: AuthoredPosts, posts: InMemoryPosts
) -> None:
    with pytest.raises(Unauthenticated):
        await authored.publish(9, PostDraft("Harbour"), idempotency_key="")
    assert posts.posts == {}


async def test_a_changed_post_is_shown_with_its_author(
    authored: AuthoredPosts, posts: InMemoryPosts
) -> None:
    await written(posts, 1)
    changed = await authored.change(1, 1, PostChange(title="New"))
    assert (changed.post.title, changed.author) == ("New", ANN)


@pytest.mark.parametrize(
    ("post_id", "refusal"), [(1, PermissionDenied), (2, PostNotFound)], ids=["foreign", "missing"]
)
async def test_only_its_author_touches_a_post(
    authored: AuthoredPosts, posts: InMemoryPosts, post_id: int, refusal: type[Exception]
) -> None:
    await written(posts, 1)
    with pytest.raises(refusal):
        await authored.change(post_id, 2, PostChange(title="New"))
    with pytest.raises(refusal):
        await authored.delete(post_id, 2)
    with pytest.raises(refusal):
        await authored.owned(post_id, 2)
    assert posts.posts[1].title == "by 1"


async def test_its_author_may_delete_a_post(authored: AuthoredPosts, posts: InMemoryPosts) -> None:
    await written(posts, 1)
    assert (await authored.owned(1, 1)).author == ANN
    await authored.delete(1, 1)
    assert posts.posts == {}
