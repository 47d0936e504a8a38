"""One suite for the users: in memory, in PostgreSQL, and there behind Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from service_kit.cache import Cache, open_redis
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

from tests.builders import a_new_user
from tests.fakes import InMemoryUsers
from user_service.adapters.event_records import event_to_record
from user_service.adapters.postgres import PostgresUnits, PostgresUsers
from user_service.adapters.redis_cache import RedisUsers
from user_service.application.ports import Units, Users
from user_service.application.use_cases import Profiles
from user_service.domain.errors import EmailTaken, StaleUser, UsernameTaken, UserNotFound
from user_service.domain.events import UserDeleted, UserUpdated
from user_service.domain.models import NewUser, ProfileChange, User

Store = tuple[Users, Units]


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[Cache]:
    async with open_redis(redis_url) as redis:
        await redis.flushdb()
        opened = Cache(redis, "test", 60.0)
        yield opened
        await opened.close()


@pytest.fixture(params=["memory", "postgres", "redis"])
async def store(request: pytest.FixtureRequest, database: Database, cache: Cache) -> Store:
    if request.param == "memory":
        memory = InMemoryUsers()
        return memory, memory
    await database.fetch("empty", "TRUNCATE users, outbox")
    users = RedisUsers(PostgresUsers(database), cache)
    units = PostgresUnits(database, event_to_record, lambda: None, users.changing)
    return users if request.param == "redis" else PostgresUsers(database), units


async def enrol(units: Units, *new: NewUser) -> list[User]:
    made = []
    for user in new:
        async with units.begin() as unit:
            made.append((await unit.add(user, None))[0])
    return made


async def change(units: Units, user_id: int, wanted: ProfileChange) -> User:
    async with units.begin(user_id) as unit:
        assert await unit.lock(user_id) is not None
        after = await unit.change(user_id, wanted)
        unit.emit(UserUpdated(after, tuple(wanted.given())))
    return after


async def test_a_user_is_read_as_it_was_made(store: Store) -> None:
    users, units = store
    new = NewUser("Ann_1", "Ann@Example.com", "Ann é", "日本", "https://example.com/a.png")
    (ann,) = await enrol(units, new)
    assert NewUser(ann.username, ann.email, ann.full_name, ann.bio, ann.avatar_url) == new
    assert ann.created_at == ann.updated_at
    assert await users.get(ann.id) == ann
    assert await users.get_many([ann.id, ann.id + 1000]) == [ann]


async def test_texts_that_are_not_given_are_none(store: Store) -> None:
    users, units = store
    (ann,) = await enrol(units, a_new_user())
    assert (ann.full_name, ann.bio, ann.avatar_url) == (None, None, None)
    assert await users.get(ann.id) == ann


async def test_a_user_who_is_none_is_none(store: Store) -> None:
    users, units = store
    assert await users.get(1) is None
    assert await users.get(2**63 - 1) is None
    assert await users.get_many([1, 2]) == []
    assert await users.by_username("nobody") is None
    assert await users.by_email("nobody@example.com") is None
    async with units.begin(1) as unit:
        assert await unit.lock(1) is None
        assert await unit.remove(1) is None


async def test_names_and_emails_are_unique_and_found_in_whatever_case(store: Store) -> None:
    users, units = store
    (ann,) = await enrol(units, a_new_user("Ann", "Ann@Example.com"))
    assert await users.by_username("aNN") == ann
    assert await users.by_email("ann@example.COM") == ann
    with pytest.raises(UsernameTaken):
        await enrol(units, a_new_user("ANN", "other@example.com"))
    with pytest.raises(EmailTaken):
        await enrol(units, a_new_user("other", "ann@example.com"))
    assert (await users.after(0, 9)).users == (ann,)


async def test_a_name_is_found_by_its_own_letters_only(store: Store) -> None:
    users, units = store
    (kim,) = await enrol(units, a_new_user("kim"))
    profiles = Profiles(users, units)
    assert await profiles.by_username("KIM") == kim
    for other in ("k\u0130m", "\u212aim"):  # both are "kim" to PostgreSQL's lower()
        with pytest.raises(UserNotFound):
            await profiles.by_username(other)


async def test_an_underscore_in_a_name_stands_for_itself(store: Store) -> None:
    users, units = store
    await enrol(units, a_new_user("a_c"))
    assert await users.by_username("abc") is None


async def test_a_key_makes_one_user_even_where_its_name_is_taken_since(store: Store) -> None:
    _, units = store
    async with units.begin() as unit:
        ann, is_new = await unit.add(a_new_user("ann"), "key")
    assert is_new
    async with units.begin() as unit:
        assert await unit.add(a_new_user("ann"), "key") == (ann, False)
        assert await unit.add(a_new_user("other"), "key") == (ann, False)
    async with units.begin() as unit:
        bob, is_new = await unit.add(a_new_user("bob"), "another key")
    assert is_new
    assert bob.id != ann.id


async def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    users, units = store

    async def add_and_fail() -> None:
        async with units.begin() as unit:
            await unit.add(a_new_user(), None)
            raise LookupError

    with pytest.raises(LookupError):
        await add_and_fail()
    assert (await users.after(0, 9)).total == 0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ProfileChange(username="anna"), ("anna", "ann@example.com", "Ann", "Writes.", None)),
        (ProfileChange(username="ANN"), ("ANN", "ann@example.com", "Ann", "Writes.", None)),
        (ProfileChange(email="a@b.c"), ("ann", "a@b.c", "Ann", "Writes.", None)),
        (ProfileChange(full_name=""), ("ann", "ann@example.com", None, "Writes.", None)),
        (ProfileChange(bio="Reads."), ("ann", "ann@example.com", "Ann", "Reads.", None)),
        (
            ProfileChange(bio="", avatar_url="http://a.b"),
            ("ann", "ann@example.com", "Ann", None, "http://a.b"),
        ),
    ],
)
async def test_a_change_replaces_what_is_given_and_nothing_else(
    store: Store, wanted: ProfileChange, expected: tuple[object, ...]
) -> None:
    users, units = store
    ann, bob = await enrol(
        units, a_new_user("ann", full_name="Ann", bio="Writes."), a_new_user("bob", bio="x")
    )
    assert await users.get(ann.id) == ann
    after = await change(units, ann.id, wanted)
    profile = (after.username, after.email, after.full_name, after.bio, after.avatar_url)
    assert profile == expected
    assert after.created_at == ann.created_at
    assert after.updated_at > ann.updated_at
    assert await users.get(ann.id) == after
    assert await users.get(bob.id) == bob


async def test_a_change_to_what_another_one_has_is_refused(store: Store) -> None:
    users, units = store
    ann, _ = await enrol(units, a_new_user("ann"), a_new_user("bob"))
    with pytest.raises(UsernameTaken):
        await change(units, ann.id, ProfileChange(username="BOB"))
    with pytest.raises(EmailTaken):
        await change(units, ann.id, ProfileChange(email="bob@example.com"))
    assert await users.get(ann.id) == ann


async def test_of_two_changes_based_on_one_version_one_wins(store: Store) -> None:
    users, units = store
    (ann,) = await enrol(units, a_new_user("ann"))
    profiles = Profiles(users, units)
    outcomes = await asyncio.gather(
        profiles.update(ann.id, ProfileChange(bio="a"), ann.id, ann.updated_at),
        profiles.update(ann.id, ProfileChange(bio="b"), ann.id, ann.updated_at),
        return_exceptions=True,
    )
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, User)]
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, StaleUser)]
    assert (lost.code, await users.get(ann.id)) == ("PRECONDITION_FAILED", won)
    with pytest.raises(StaleUser):
        await profiles.delete(ann.id, ann.id, ann.updated_at)
    await profiles.delete(ann.id, ann.id, won.updated_at)
    assert await users.get(ann.id) is None


async def test_a_removed_user_is_gone_and_leaves_name_email_and_key_free(store: Store) -> None:
    users, units = store
    async with units.begin() as unit:
        ann, _ = await unit.add(a_new_user("ann"), "key")
    assert await users.get(ann.id) == ann
    async with units.begin(ann.id) as unit:
        assert await unit.remove(ann.id) == ann
        unit.emit(UserDeleted(ann))
    assert await users.get(ann.id) is None
    async with units.begin() as unit:
        again, is_new = await unit.add(a_new_user("ann"), "key")
    assert is_new
    assert again.id > ann.id


async def test_a_search_finds_a_text_anywhere_in_whatever_case_by_id(store: Store) -> None:
    users, units = store
    annika, joanna, bob = await enrol(
        units,
        a_new_user("annika", full_name="Q"),
        a_new_user("x_1", "ann@example.com", full_name="Joanna é"),
        a_new_user("bob", "bob@annual.example"),
    )

    async def found(query: str, *, with_email: bool = False) -> list[User]:
        page = await users.search(query, with_email=with_email, offset=0, limit=9)
        assert page.total == len(page.users)
        return list(page.users)

    assert await found("ANN") == [annika, joanna]
    assert await found("ann", with_email=True) == [annika, joanna, bob]
    assert await found("é") == [joanna]
    assert await found("example") == []
    assert await found("q") == [annika]
    assert await found("%") == []
    assert await found("_") == [joanna]
    assert await found("\\") == []
    assert await found("n%a") == []


async def test_a_search_knows_whether_it_goes_on(store: Store) -> None:
    users, units = store
    made = await enrol(units, *(a_new_user(f"user{number}") for number in range(5)))
    page = await users.search("user", with_email=False, offset=1, limit=3)
    assert (list(page.users), page.has_more, page.total) == (made[1:4], True, 5)
    page = await users.search("user", with_email=False, offset=2, limit=3)
    assert (list(page.users), page.has_more, page.total) == (made[2:], False, 5)
    page = await users.search("user", with_email=False, offset=9, limit=3)
    assert (page.users, page.has_more, page.total) == ((), False, 5)


async def test_the_list_of_all_goes_on_after_an_id(store: Store) -> None:
    users, units = store
    made = await enrol(units, *(a_new_user(f"user{number}") for number in range(4)))
    first = await users.after(0, 2)
    assert (list(first.users), first.has_more, first.total) == (made[:2], True, 4)
    rest = await users.after(made[1].id, 2)
    assert (list(rest.users), rest.has_more, rest.total) == (made[2:], False, 4)
    assert not (await users.after(0, 9)).total_is_estimate
