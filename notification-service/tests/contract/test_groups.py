"""The feed in groups, in memory and in PostgreSQL alike."""

from notification_service.application.reactions import Reactions
from notification_service.domain.facts import FollowStarted
from notification_service.domain.groups import Group, GroupPage, GroupWindow
from notification_service.domain.models import Draft
from tests.builders import RECEPTION, a_draft, a_follow, a_post, an_unfollow
from tests.contract.stores import Store, notifications_of
from tests.fakes import InMemoryUsers


async def follow(store: Store, *followers: int) -> None:
    """Each of them follows 1, one after the other."""
    for one in followers:
        await happen(store, a_follow(one, 1))


async def happen(store: Store, fact: FollowStarted) -> None:
    await Reactions(InMemoryUsers(), store.units, RECEPTION).apply([fact])


async def groups(store: Store, *, unread_only: bool = False) -> list[Group]:
    window = GroupWindow(100, unread_only=unread_only)
    return list((await notifications_of(store).groups(1, window)).groups)


async def walk(store: Store, limit: int, page: GroupPage) -> list[list[Group]]:
    """The rest of a walk, page by page."""
    pages = []
    while page.following is not None:
        page = await notifications_of(store).groups(1, GroupWindow(limit, *page.following))
        pages.append(list(page.groups))
    return pages


async def test_followers_of_a_day_are_one_group_that_names_the_latest_three(store: Store) -> None:
    await follow(store, 10, 11, 12, 13, 14)
    (group,) = await groups(store)
    assert (group.size, group.unread, group.actors, group.actor_ids) == (5, 5, 5, (14, 13, 12))
    assert (group.latest.seq, group.latest.type, group.position) == (5, "follow_created", 5)


async def test_who_comes_again_is_one_person(store: Store) -> None:
    await follow(store, 10, 11)
    await notifications_of(store).read_all(1, None)
    await Reactions(InMemoryUsers(), store.units, RECEPTION).apply([an_unfollow(10, 1)])
    await follow(store, 10)
    (group,) = await groups(store)
    assert (group.size, group.unread, group.actors, group.actor_ids) == (3, 1, 2, (10, 11))


async def test_posts_are_a_group_by_their_author(store: Store) -> None:
    drafts = [a_draft(1, "note")]
    for post_id, author_id in ((1, 7), (2, 8), (3, 7)):
        content = a_post(post_id, author_id).content(f"user{author_id}")
        drafts.append(Draft(1, content))
    await store.deliver(*drafts)
    told = [(one.latest.type, one.size, one.actor_ids, one.actors) for one in await groups(store)]
    assert told == [
        ("post_created", 2, (7,), 1),
        ("post_created", 1, (8,), 1),
        ("note", 1, (), 0),
    ]


async def test_what_users_send_is_never_in_a_group_of_the_systems(store: Store) -> None:
    await follow(store, 10)
    await store.deliver(
        *(a_draft(1, "follow_created", actor_id=one, payload=None) for one in (66, 67))
    )
    told = [(one.latest.actor_id, one.size, one.actor_ids) for one in await groups(store)]
    assert told == [(67, 2, (67, 66)), (None, 1, (10,))]


async def test_what_leaves_the_feed_leaves_its_group_and_the_last_one_ends_it(store: Store) -> None:
    await follow(store, 10, 11, 12)
    sent = (await store.inboxes.since(1, 0, 10)).notifications
    await notifications_of(store).remove(sent[2].id, 1)
    await notifications_of(store).set_archived(sent[1].id, 1, is_archived=True)
    (group,) = await groups(store)
    assert (group.size, group.unread, group.actor_ids, group.latest.seq) == (1, 1, (10,), 1)
    await Reactions(InMemoryUsers(), store.units, RECEPTION).apply([an_unfollow(10, 1)])
    assert await groups(store) == []
    await notifications_of(store).set_archived(sent[1].id, 1, is_archived=False)
    (group,) = await groups(store)
    assert (group.size, group.unread, group.actor_ids) == (1, 0, (11,))
    assert await groups(store, unread_only=True) == []


async def test_a_walk_shows_every_group_once_whatever_arrives_meanwhile(store: Store) -> None:
    kinds = [f"kind{number}" for number in range(6)]
    await store.deliver(*(a_draft(1, kind) for kind in kinds))
    first = await notifications_of(store).groups(1, GroupWindow(2))
    assert [one.latest.type for one in first.groups] == ["kind5", "kind4"]
    # One that was shown already, two that are still to come, and a new one.
    await store.deliver(*(a_draft(1, kind) for kind in ("kind5", "kind0", "kind2", "new")))
    rest = await walk(store, 2, first)
    assert [[one.latest.type for one in page] for page in rest] == [
        ["kind3", "kind2"],
        ["kind1", "kind0"],
    ]
    assert [one.size for page in rest for one in page] == [1, 2, 1, 2]
    again = await groups(store)
    assert [one.latest.type for one in again[:4]] == ["new", "kind2", "kind0", "kind5"]


async def test_a_closed_inbox_has_no_groups(store: Store) -> None:
    await follow(store, 10)
    async with store.units.begin() as unit:
        await unit.inboxes.close([1])
        while await unit.remains.empty_closed(10):
            pass
    assert await groups(store) == []
