"""What one can do with relations, and what not."""

import pytest
from service_kit.errors import Unavailable

from relation_service.application.use_cases import REMOVED_AT_ONCE, Relations
from relation_service.domain.errors import (
    AlreadyFollowing,
    CannotFollowYourself,
    CannotUnfollowYourself,
    FollowNotFound,
    InvalidIds,
    UserNotFound,
)
from relation_service.domain.events import FollowCreated, FollowDeleted
from relation_service.domain.models import DELETED, FollowerIds, Pair, Place, Relation, Window
from tests.builders import NOW, a_pair, a_person
from tests.fakes import InMemoryFollows, InMemoryUsers


@pytest.fixture
def follows() -> InMemoryFollows:
    return InMemoryFollows()


@pytest.fixture
def users() -> InMemoryUsers:
    return InMemoryUsers(*(a_person(number) for number in range(1, 10)))


@pytest.fixture
def relations(follows: InMemoryFollows, users: InMemoryUsers) -> Relations:
    return Relations(follows=follows, users=users, units=follows, clock=lambda: NOW)


async def test_following_is_stored_and_announced(
    relations: Relations, follows: InMemoryFollows
) -> None:
    await relations.follow(a_pair(1, 2))
    assert list(follows.rows) == [a_pair(1, 2)]
    assert follows.events == [FollowCreated(a_pair(1, 2), NOW)]


async def test_following_twice_is_refused_and_announced_once(
    relations: Relations, follows: InMemoryFollows
) -> None:
    await relations.follow(a_pair())
    with pytest.raises(AlreadyFollowing, match="already following this user"):
        await relations.follow(a_pair())
    assert len(follows.events) == 1


async def test_nobody_follows_themselves(relations: Relations) -> None:
    with pytest.raises(CannotFollowYourself, match="cannot follow yourself"):
        await relations.follow(a_pair(1, 1))
    with pytest.raises(CannotUnfollowYourself, match="cannot unfollow yourself"):
        await relations.unfollow(a_pair(1, 1))


async def test_nobody_follows_one_who_does_not_exist(
    relations: Relations, follows: InMemoryFollows
) -> None:
    with pytest.raises(UserNotFound, match="user not found"):
        await relations.follow(a_pair(1, 99))
    assert not follows.events


async def test_nothing_is_stored_while_nobody_can_tell_whether_the_followee_exists(
    relations: Relations, follows: InMemoryFollows, users: InMemoryUsers
) -> None:
    users.away = True
    with pytest.raises(Unavailable):
        await relations.follow(a_pair())
    assert not follows.rows


@pytest.mark.parametrize("pair", [Pair(0, 1), Pair(1, 0), Pair(-1, 1), Pair(1, 2**63)])
async def test_an_id_that_nobody_can_have_is_a_violation(relations: Relations, pair: Pair) -> None:
    with pytest.raises(InvalidIds) as caught:
        await relations.follow(pair)
    assert caught.value.violations


async def test_unfollowing_is_announced_and_works_without_user_service(
    relations: Relations, follows: InMemoryFollows, users: InMemoryUsers
) -> None:
    await relations.follow(a_pair())
    users.away = True
    await relations.unfollow(a_pair())
    assert follows.events[-1] == FollowDeleted(a_pair(), NOW)
    with pytest.raises(FollowNotFound, match="follow relation not found"):
        await relations.unfollow(a_pair())


async def test_a_page_shows_people_newest_first_with_one_call_for_all_of_them(
    relations: Relations, users: InMemoryUsers
) -> None:
    for follower in (2, 3, 4):
        await relations.follow(Pair(follower, 1))
    users.calls.clear()
    page = await relations.page("followers", 1, Window(limit=2))
    assert [person.username for person in page.people] == ["user4", "user3"]
    assert page.total == 3
    assert users.calls == [[1, 4, 3]]


async def test_a_page_leads_to_the_next_and_the_last_one_nowhere_even_if_it_is_full(
    relations: Relations,
) -> None:
    for followee in (2, 3, 4, 5):
        await relations.follow(Pair(1, followee))
    first = await relations.page("followees", 1, Window(limit=2))
    assert first.last_follow_id is not None
    rest = await relations.page("followees", 1, Window(limit=2, before=first.last_follow_id))
    assert [person.id for person in (*first.people, *rest.people)] == [5, 4, 3, 2]
    assert rest.last_follow_id is None


async def test_one_who_is_gone_does_not_break_the_list(
    relations: Relations, users: InMemoryUsers
) -> None:
    await relations.follow(Pair(2, 1))
    del users.people[2]
    page = await relations.page("followers", 1, Window(limit=20))
    assert page.people == (DELETED,)


async def test_the_list_of_one_who_does_not_exist_is_not_found(relations: Relations) -> None:
    with pytest.raises(UserNotFound):
        await relations.page("followers", 99, Window(limit=20))


async def test_relations_are_told_once_each_in_the_order_asked(relations: Relations) -> None:
    await relations.follow(Pair(1, 3))
    await relations.follow(Pair(2, 1))
    assert await relations.check(1, [3, 2, 3]) == [
        Relation(3, following=True, followed_by=False),
        Relation(2, following=False, followed_by=True),
    ]
    assert await relations.check(1, []) == []


async def test_more_than_a_hundred_relations_at_once_are_refused(relations: Relations) -> None:
    with pytest.raises(InvalidIds):
        await relations.check(1, range(1, 102))


async def test_the_followers_of_several_are_told_in_the_order_asked(relations: Relations) -> None:
    await relations.follow(Pair(1, 3))
    await relations.follow(Pair(2, 3))
    assert await relations.follower_ids([Place(4), Place(3, 1)], 10_000) == [
        FollowerIds((), is_last=True),
        FollowerIds((2,), is_last=True),
    ]
    assert await relations.follower_ids([], 1) == []


@pytest.mark.parametrize(
    ("places", "limit"),
    [([Place(1)] * 65, 1), ([Place(1)], 0), ([Place(1)], 10_001), ([Place(1), Place(0)], 1)],
)
async def test_too_many_followers_at_once_or_of_nobody_are_refused(
    relations: Relations, places: list[Place], limit: int
) -> None:
    with pytest.raises(InvalidIds) as caught:
        await relations.follower_ids(places, limit)
    assert caught.value.violations


async def test_a_deleted_user_has_no_relations_and_gets_none(
    relations: Relations, follows: InMemoryFollows
) -> None:
    await relations.follow(Pair(1, 2))
    await relations.follow(Pair(2, 3))
    await relations.follow(Pair(1, 3))
    await relations.user_deleted(2)
    assert list(follows.rows) == [Pair(1, 3)]
    assert {event.pair for event in follows.events[3:]} == {Pair(1, 2), Pair(2, 3)}
    with pytest.raises(UserNotFound):
        await relations.follow(Pair(1, 2))


async def test_a_deletion_ends_every_relation_of_a_popular_user(
    relations: Relations, follows: InMemoryFollows, users: InMemoryUsers
) -> None:
    for follower in range(10, 10 + 2 * REMOVED_AT_ONCE + 1):
        await follows.follow(FollowCreated(Pair(follower, 1), NOW))
    await relations.user_deleted(1)
    assert not follows.rows


async def test_a_deletion_that_comes_twice_changes_nothing_more(
    relations: Relations, follows: InMemoryFollows
) -> None:
    await relations.follow(a_pair())
    await relations.user_deleted(2)
    announced = len(follows.events)
    await relations.user_deleted(2)
    assert len(follows.events) == announced
