"""One suite for registrations, in memory and in PostgreSQL."""

from dataclasses import replace
from uuid import uuid4

from auth_service.domain.models import RegistrationState as State
from tests.builders import registration
from tests.contract.conftest import LEASE, OVERDUE, Store


async def test_a_registration_is_kept_as_it_was_begun(store: Store) -> None:
    mine = registration("ann", "key")
    assert await store.registrations(LEASE).begin(mine) == mine
    assert await store.registrations(LEASE).by_key("key") == mine
    assert await store.registrations(LEASE).by_key("another key") is None


async def test_a_key_has_one_registration_and_no_key_any_number(store: Store) -> None:
    first = await store.registrations(LEASE).begin(registration("ann", "key"))
    assert await store.registrations(LEASE).begin(registration("bob", "key")) == first
    for _ in range(2):
        other = registration("bob")
        assert await store.registrations(LEASE).begin(other) == other


async def test_only_what_is_overdue_is_claimed_the_longest_first_and_once(store: Store) -> None:
    await store.registrations(LEASE).begin(registration("leased"))
    first, second = [
        await store.registrations(OVERDUE).begin(registration(name)) for name in ("ann", "bob")
    ]
    claim = store.registrations(LEASE).claim_overdue
    assert await claim() == first
    assert await claim() == second
    assert await claim() is None


async def test_what_was_withdrawn_is_claimed_as_undoing_until_it_has_ended(store: Store) -> None:
    begun = await store.registrations(LEASE).begin(registration("ann", "key"))
    await store.registrations(OVERDUE).withdraw(begun.id)
    for _ in range(2):
        claimed = await store.registrations(OVERDUE).claim_overdue()
        assert claimed == replace(begun, state=State.UNDOING)
    assert not await store.registrations(LEASE).resume(begun.id)
    await store.registrations(LEASE).withdraw(begun.id)
    await store.registrations(LEASE).end(begun.id)
    assert await store.registrations(LEASE).by_key("key") is None
    assert not await store.registrations(LEASE).resume(begun.id)


async def test_what_is_about_to_be_undone_can_be_resumed(store: Store) -> None:
    begun = await store.registrations(LEASE).begin(registration("ann", "key"))
    await store.registrations(OVERDUE).withdraw(begun.id)
    assert await store.registrations(LEASE).resume(begun.id)
    assert await store.registrations(LEASE).by_key("key") == begun
    assert await store.registrations(LEASE).claim_overdue() is None


async def test_completing_stores_the_credential_once(store: Store) -> None:
    begun = await store.registrations(OVERDUE).begin(registration("ann", "key"))
    for _ in range(2):
        async with store.units.begin() as unit:
            assert await unit.accounts.complete(begun.id, 7)
    credential = await store.credentials.get(7)
    assert credential is not None
    assert (credential.user_id, credential.password_hash) == (7, begun.password_hash)
    finished = await store.registrations(LEASE).by_key("key")
    assert finished is not None
    assert (finished.state, finished.user_id) == (State.FINISHED, 7)
    assert finished.password_hash == begun.password_hash
    assert await store.registrations(LEASE).claim_overdue() is None
    assert await store.registrations(OVERDUE).resume(begun.id)
    await store.registrations(LEASE).end(begun.id)
    await store.registrations(LEASE).withdraw(begun.id)
    assert await store.registrations(LEASE).by_key("key") == finished


async def test_what_is_being_undone_or_unknown_is_not_completed(store: Store) -> None:
    begun = await store.registrations(LEASE).begin(registration("ann"))
    await store.registrations(OVERDUE).withdraw(begun.id)
    await store.registrations(LEASE).claim_overdue()
    async with store.units.begin() as unit:
        assert not await unit.accounts.complete(begun.id, 7)
        assert not await unit.accounts.complete(uuid4(), 7)
    assert await store.credentials.get(7) is None


async def test_what_was_withdrawn_meanwhile_is_completed_all_the_same(store: Store) -> None:
    begun = await store.registrations(LEASE).begin(registration("ann"))
    await store.registrations(LEASE).withdraw(begun.id)
    async with store.units.begin() as unit:
        assert await unit.accounts.complete(begun.id, 7)


async def test_a_removed_account_leaves_no_registration(store: Store) -> None:
    begun = await store.registrations(LEASE).begin(registration("ann", "key"))
    async with store.units.begin() as unit:
        await unit.accounts.complete(begun.id, 7)
    async with store.units.begin() as unit:
        await unit.accounts.remove([7, 8])
    assert await store.registrations(LEASE).by_key("key") is None
    assert await store.credentials.get(7) is None
