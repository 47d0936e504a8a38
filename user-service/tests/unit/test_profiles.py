"""What one can do with profiles, and what not."""

import pytest

from tests.builders import a_new_user
from tests.fakes import InMemoryUsers
from user_service.application.use_cases import MOST_IDS, Profiles
from user_service.domain.errors import (
    EmailTaken,
    Forbidden,
    InvalidProfile,
    InvalidSearchQuery,
    TooManyIds,
    UsernameTaken,
    UserNotFound,
)
from user_service.domain.events import UserCreated, UserDeleted, UserUpdated
from user_service.domain.models import ProfileChange


@pytest.fixture
def users() -> InMemoryUsers:
    return InMemoryUsers()


@pytest.fixture
def profiles(users: InMemoryUsers) -> Profiles:
    return Profiles(users=users, units=users)


async def test_a_user_is_stored_and_announced(profiles: Profiles, users: InMemoryUsers) -> None:
    ann = await profiles.create(a_new_user("ann"), None)
    assert await profiles.get(ann.id) == ann
    assert users.events == [UserCreated(ann)]


async def test_the_same_key_makes_one_user_and_one_announcement(
    profiles: Profiles, users: InMemoryUsers
) -> None:
    ann = await profiles.create(a_new_user("ann"), "key")
    assert await profiles.create(a_new_user("ann"), "key") == ann
    assert users.events == [UserCreated(ann)]


@pytest.mark.parametrize("key", ["a\0b", "x" * 256])
async def test_a_key_that_cannot_be_kept_is_a_violation(profiles: Profiles, key: str) -> None:
    with pytest.raises(InvalidProfile) as caught:
        await profiles.create(a_new_user(), key)
    assert [violation.field for violation in caught.value.violations] == ["idempotency_key"]


async def test_names_and_emails_are_taken_in_whatever_case(
    profiles: Profiles, users: InMemoryUsers
) -> None:
    ann = await profiles.create(a_new_user("ann", "ann@example.com"), None)
    with pytest.raises(UsernameTaken, match="username already exists"):
        await profiles.create(a_new_user("ANN", "other@example.com"), None)
    with pytest.raises(EmailTaken, match="email already exists"):
        await profiles.create(a_new_user("other", "Ann@Example.com"), None)
    assert users.events == [UserCreated(ann)]


async def test_a_user_is_found_by_name_and_by_email(profiles: Profiles) -> None:
    ann = await profiles.create(a_new_user("Ann", "ann@example.com"), None)
    assert await profiles.by_username("aNN") == ann
    assert await profiles.by_email("ANN@example.com") == ann


async def test_a_user_who_is_none_is_not_found(profiles: Profiles) -> None:
    for looking in (
        profiles.get(99),
        profiles.by_username("nobody"),
        profiles.by_username("a\0b"),
        profiles.by_email("nobody@example.com"),
        profiles.by_email("a\0b"),
        profiles.update(99, ProfileChange(bio="x"), None),
        profiles.delete(99, 99),
    ):
        with pytest.raises(UserNotFound, match="user not found"):
            await looking


async def test_a_batch_asks_for_each_user_once(profiles: Profiles, users: InMemoryUsers) -> None:
    ann = await profiles.create(a_new_user("ann"), None)
    assert await profiles.get_many([ann.id, 99, ann.id]) == [ann]
    assert users.reads == [[ann.id, 99]]
    assert await profiles.get_many([]) == []


async def test_a_batch_is_bounded(profiles: Profiles) -> None:
    assert await profiles.get_many([*range(1, MOST_IDS + 1), 1]) == []
    with pytest.raises(TooManyIds) as caught:
        await profiles.get_many(range(1, MOST_IDS + 2))
    assert [violation.field for violation in caught.value.violations] == ["ids"]


@pytest.mark.parametrize("query", ["", "a\0b"])
async def test_a_search_needs_a_text(profiles: Profiles, query: str) -> None:
    with pytest.raises(InvalidSearchQuery, match="invalid search query"):
        await profiles.search(query, with_email=False, offset=0, limit=20)


async def test_a_change_is_stored_and_announced_with_what_changed(
    profiles: Profiles, users: InMemoryUsers
) -> None:
    ann = await profiles.create(a_new_user("ann", full_name="Ann"), None)
    change = ProfileChange(full_name="Ann", bio="Writes.", email="new@example.com")
    after = await profiles.update(ann.id, change, ann.id)
    assert (after.bio, after.email, after.username) == ("Writes.", "new@example.com", "ann")
    assert await profiles.get(ann.id) == after
    assert users.events[1:] == [UserUpdated(after, ("email", "bio"))]


async def test_a_rename_announces_the_name_before(profiles: Profiles, users: InMemoryUsers) -> None:
    ann = await profiles.create(a_new_user("ann"), None)
    after = await profiles.update(ann.id, ProfileChange(username="Anna"), ann.id)
    assert users.events[1:] == [UserUpdated(after, ("username",), "ann")]


@pytest.mark.parametrize("change", [ProfileChange(), ProfileChange(username="ann", bio="")])
async def test_a_change_that_changes_nothing_announces_nothing(
    profiles: Profiles, users: InMemoryUsers, change: ProfileChange
) -> None:
    ann = await profiles.create(a_new_user("ann"), None)
    assert await profiles.update(ann.id, change, None) == ann
    assert users.events == [UserCreated(ann)]


async def test_a_change_to_what_another_one_has_is_refused(
    profiles: Profiles, users: InMemoryUsers
) -> None:
    ann = await profiles.create(a_new_user("ann"), None)
    await profiles.create(a_new_user("bob"), None)
    with pytest.raises(UsernameTaken):
        await profiles.update(ann.id, ProfileChange(username="BOB"), None)
    with pytest.raises(EmailTaken):
        await profiles.update(ann.id, ProfileChange(email="bob@example.com"), None)
    assert await profiles.get(ann.id) == ann
    assert len(users.events) == 2


async def test_a_caller_changes_and_deletes_nobody_else(
    profiles: Profiles, users: InMemoryUsers
) -> None:
    ann = await profiles.create(a_new_user("ann"), None)
    for caller in (ann.id + 1, 0):
        with pytest.raises(Forbidden, match="forbidden"):
            await profiles.update(ann.id, ProfileChange(bio="x"), caller)
        with pytest.raises(Forbidden, match="forbidden"):
            await profiles.delete(ann.id, caller)
    assert await profiles.get(ann.id) == ann
    assert users.events == [UserCreated(ann)]


async def test_a_deleted_user_is_gone_and_announced(
    profiles: Profiles, users: InMemoryUsers
) -> None:
    ann = await profiles.create(a_new_user("ann"), "key")
    await profiles.delete(ann.id, ann.id)
    with pytest.raises(UserNotFound):
        await profiles.get(ann.id)
    assert users.events[1:] == [UserDeleted(ann)]
    assert (await profiles.create(a_new_user("ann"), "key")).id != ann.id


async def test_a_service_acts_without_a_caller(profiles: Profiles) -> None:
    ann = await profiles.create(a_new_user("ann"), None)
    await profiles.update(ann.id, ProfileChange(bio="x"), None)
    await profiles.delete(ann.id, None)
    assert (await profiles.list(0, 20)).users == ()
