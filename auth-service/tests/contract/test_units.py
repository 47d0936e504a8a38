"""One suite for what changes together, in memory and in PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from auth_service.domain.errors import InvalidAccount
from auth_service.domain.models import Client, Lives, Role, SigningKey, Standing
from auth_service.domain.throttle import Charge
from tests.builders import CLIENT, LIVES
from tests.contract.conftest import Store

GRACE = timedelta(seconds=20)


async def test_a_password_changes_once_per_version(store: Store) -> None:
    await store.add_account(7)
    async with store.units.begin() as unit:
        assert await unit.accounts.change_password(7, 1, "p1:another")
        assert not await unit.accounts.change_password(7, 1, "p1:a third")
        assert not await unit.accounts.change_password(8, 1, "p1:a third")
    credential = await store.credentials.get(7)
    assert credential is not None
    assert (credential.version, credential.password_hash) == (2, "p1:another")


async def test_a_new_hash_of_the_same_password_is_no_new_version(store: Store) -> None:
    await store.add_account(7)
    async with store.units.begin() as unit:
        await unit.accounts.rehash(7, 1, "p2:same")
        await unit.accounts.rehash(7, 2, "p2:stale")
    credential = await store.credentials.get(7)
    assert credential is not None
    assert (credential.version, credential.password_hash) == (1, "p2:same")


async def test_a_session_opens_for_the_current_password_only(store: Store) -> None:
    await store.add_account(7)
    async with store.units.begin() as unit:
        assert await unit.sessions.open(7, 2, CLIENT, b"1", LIVES) is None
        assert await unit.sessions.open(8, 1, CLIENT, b"2", LIVES) is None
        grant = await unit.sessions.open(7, None, CLIENT, b"3", LIVES)
    assert grant is not None
    assert (grant.user_id, grant.roles) == (7, (Role.USER,))
    [session] = await store.sessions.living(7)
    assert (session.id, session.device) == (grant.session_id, CLIENT.device)
    assert session.created_at == session.last_used_at == grant.issued_at


async def test_a_token_is_known_by_its_digest_and_rotates(store: Store) -> None:
    await store.add_account(7)
    first = await store.sign_in(7, b"1")
    async with store.units.begin() as unit:
        assert await unit.sessions.present(b"unknown") is None
        token = await unit.sessions.present(b"1")
        assert token is not None
        assert token.standing(GRACE) is Standing.CURRENT
        assert token.grant.session_id == first.session_id
        assert token.grant.issued_at >= first.issued_at
        await unit.sessions.rotate(token, b"1", b"2", LIVES)
    async with store.units.begin() as unit:
        spent, current = await unit.sessions.present(b"1"), await unit.sessions.present(b"2")
    assert spent is not None
    assert current is not None
    assert spent.standing(GRACE) is Standing.SPENT_JUST_NOW
    assert spent.standing(timedelta(0)) is Standing.REPLAYED
    assert current.standing(GRACE) is Standing.CURRENT
    [session] = await store.sessions.living(7)
    assert session.last_used_at == token.grant.issued_at


async def test_of_many_at_once_one_rotates(store: Store) -> None:
    await store.add_account(7)
    await store.sign_in(7, b"1")

    async def rotate() -> Standing:
        async with store.units.begin() as unit:
            token = await unit.sessions.present(b"1")
            assert token is not None
            standing = token.standing(GRACE)
            if standing is Standing.CURRENT:
                await unit.sessions.rotate(token, b"1", b"2", LIVES)
            return standing

    seen = await asyncio.gather(*(rotate() for _ in range(20)))
    assert sorted(seen, key=lambda one: one.value) == [
        Standing.CURRENT,
        *[Standing.SPENT_JUST_NOW] * 19,
    ]


async def test_a_family_ends_with_the_longest_life_of_a_session(store: Store) -> None:
    await store.add_account(7)
    longest = timedelta(hours=1)
    lives = Lives(LIVES.access_token, LIVES.refresh_token, LIVES.grace, longest)
    grant = await store.sign_in(7, b"1", lives=lives)
    async with store.units.begin() as unit:
        token = await unit.sessions.present(b"1")
        assert token is not None
        await unit.sessions.rotate(token, b"1", b"2", lives)
        following = await unit.sessions.present(b"2")
    assert following is not None
    assert following.expires_at == token.expires_at == grant.issued_at + longest


async def test_an_expired_session_is_dead_and_not_listed(store: Store) -> None:
    await store.add_account(7)
    past = timedelta(seconds=-1)
    grant = await store.sign_in(7, b"1", lives=Lives(past, past, past, past))
    assert await store.sessions.living(7) == []
    async with store.units.begin() as unit:
        token = await unit.sessions.present(b"1")
        assert token is not None
        assert token.standing(GRACE) is Standing.DEAD
        assert not await unit.sessions.end(7, grant.session_id)


async def test_a_session_ends_once_and_its_revocation_is_younger_than_its_tokens(
    store: Store,
) -> None:
    await store.add_account(7)
    grant = await store.sign_in(7, b"1")
    async with store.units.begin() as unit:
        assert not await unit.sessions.end(8, grant.session_id)
        assert not await unit.sessions.end(7, uuid4())
        assert await unit.sessions.end(7, grant.session_id)
        assert not await unit.sessions.end(7, grant.session_id)
        token = await unit.sessions.present(b"1")
    assert token is not None
    assert token.standing(GRACE) is Standing.DEAD
    assert await store.sessions.living(7) == []
    [revocation] = await store.revocations.after(0, timedelta(hours=1))
    assert (revocation.user_id, revocation.session_id) == (7, grant.session_id)
    assert revocation.revoked_at >= grant.issued_at


async def test_all_sessions_end_but_the_spared_one(store: Store) -> None:
    for user_id in (7, 8):
        await store.add_account(user_id)
    spared = await store.sign_in(7, b"1")
    ended = await store.sign_in(7, b"2")
    other = await store.sign_in(8, b"3")
    async with store.units.begin() as unit:
        await unit.sessions.end_all(7, spare=spared.session_id)
    assert [session.id for session in await store.sessions.living(7)] == [spared.session_id]
    assert [session.id for session in await store.sessions.living(8)] == [other.session_id]
    revoked = await store.revocations.after(0, timedelta(hours=1))
    assert [row.session_id for row in revoked] == [ended.session_id]
    async with store.units.begin() as unit:
        await unit.sessions.end_all(7)
    assert await store.sessions.living(7) == []


async def test_sessions_are_listed_by_their_last_use(store: Store) -> None:
    await store.add_account(7)
    for number in (1, 2):
        await store.sign_in(7, bytes([number]), Client(f"device {number}"))
    async with store.units.begin() as unit:
        token = await unit.sessions.present(bytes([1]))
        assert token is not None
        await unit.sessions.touch(token)
    assert [session.device for session in await store.sessions.living(7)] == [
        "device 1",
        "device 2",
    ]


async def test_a_removed_account_has_no_sessions(store: Store) -> None:
    await store.add_account(7)
    await store.sign_in(7, b"1")
    async with store.units.begin() as unit:
        await unit.accounts.remove([7])
        await unit.sessions.revoke_users([7])
    async with store.units.begin() as unit:
        assert await unit.sessions.present(b"1") is None
    assert await store.sessions.living(7) == []
    [revocation] = await store.revocations.after(0, timedelta(hours=1))
    assert (revocation.user_id, revocation.session_id) == (7, None)


async def test_revocations_are_read_on_after_an_id_and_by_age(store: Store) -> None:
    assert await store.revocations.newest_id() == 0
    async with store.units.begin() as unit:
        await unit.sessions.revoke_users([7, 8, 9])
    first, *rest = await store.revocations.after(0, timedelta(hours=1))
    assert await store.revocations.after(first.id, timedelta(hours=1)) == rest
    assert [row.user_id for row in rest] == [8, 9]
    assert await store.revocations.newest_id() == rest[-1].id
    assert await store.revocations.after(0, timedelta(0)) == []


async def test_a_role_is_granted_and_withdrawn(store: Store) -> None:
    await store.add_account(7)
    async with store.units.begin() as unit:
        for _ in range(2):
            roles = await unit.accounts.set_role(7, Role.STAFF, granted=True)
            assert roles == (Role.USER, Role.STAFF)
        assert await unit.accounts.set_role(7, Role.STAFF, granted=False) == (Role.USER,)
        assert await unit.accounts.set_role(8, Role.STAFF, granted=True) is None
        await unit.accounts.set_role(7, Role.ADMIN, granted=True)
    assert (await store.sign_in(7, b"1")).roles == (Role.USER, Role.ADMIN)


async def test_guesses_add_up_to_the_most_and_are_forgiven(store: Store) -> None:
    for _ in range(3):
        async with store.units.begin() as unit:
            await unit.charge([Charge(b"a", 100.0, 250.0), Charge(b"b", 10.0, 250.0)])
    debts = await store.guesses.debts([b"a", b"b", b"c"])
    assert debts == {b"a": pytest.approx(250, abs=5), b"b": pytest.approx(30, abs=5)}
    async with store.units.begin() as unit:
        await unit.forgive(b"a")
    assert set(await store.guesses.debts([b"a", b"b"])) == {b"b"}


async def test_keys_are_added_and_retired(store: Store) -> None:
    now = datetime.now(UTC)
    old, new = (
        SigningKey(name, "ES256", "{}", b"sealed", now + timedelta(hours=number))
        for number, name in enumerate(("old", "new"))
    )
    async with store.units.begin() as unit:
        assert await unit.keys.lock() == []
        await unit.keys.add(old)
    async with store.units.begin() as unit:
        await unit.keys.retire(now + timedelta(hours=2))
        await unit.keys.add(new)
        assert [key.kid for key in await unit.keys.lock()] == ["old", "new"]
    [first, second] = await store.keys.all()
    assert (first.not_after, second) == (now + timedelta(hours=2), new)
    async with store.units.begin() as unit:
        await unit.keys.retire(now - timedelta(hours=1))
    assert [key.kid for key in await store.keys.all()] == ["old"]


async def test_an_event_is_claimed_once(store: Store) -> None:
    one, two = uuid4(), uuid4()
    async with store.units.begin() as unit:
        assert await unit.claim([one]) == {one}
    async with store.units.begin() as unit:
        assert await unit.claim([one, two]) == {two}


async def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    await store.add_account(7)
    event = uuid4()
    with pytest.raises(InvalidAccount):
        await _change_and_fail(store, event)
    assert await store.sessions.living(7) == []
    assert await store.guesses.debts([b"a"]) == {}
    async with store.units.begin() as unit:
        assert await unit.claim([event]) == {event}


async def _change_and_fail(store: Store, event: UUID) -> None:
    async with store.units.begin() as unit:
        await unit.sessions.open(7, 1, CLIENT, b"1", LIVES)
        await unit.claim([event])
        await unit.charge([Charge(b"a", 100.0, 250.0)])
        raise InvalidAccount
