"""The saga of a new account, its refusals, and idempotency keys."""

import pytest
from service_kit.errors import AlreadyExists, Unavailable

from auth_service.domain.errors import (
    IdempotencyKeyReused,
    InvalidAccount,
    Overloaded,
    RegistrationBusy,
)
from auth_service.domain.models import NewAccount, Profile, RegistrationState
from tests.builders import CLIENT, PASSWORD, account
from tests.fakes import ProcessDies
from tests.fakes.outside import MADE_AT
from tests.faults import STEPS, dies_at, fails_at, inject, is_complete, repair
from tests.world import World


@pytest.fixture
def world() -> World:
    return World()


async def test_registering_makes_a_user_with_a_password_and_signs_it_in(world: World) -> None:
    pair = await world.registering.register(account("ann"), CLIENT)
    assert is_complete(world, "ann")
    assert world.users.by_id[pair.user_id].full_name == "Ann"
    assert (pair.expires_in, pair.registered_at) == (900, MADE_AT)
    assert [item.device for item in await world.signed_in.list(pair.user_id)] == ["a browser"]
    assert world.tables.kinds() == ["registered"]


async def test_an_account_can_be_made_without_signing_in(world: World) -> None:
    made = await world.registering.create(account("ann"))
    assert is_complete(world, "ann")
    assert await world.signed_in.list(made.id) == []
    assert made.made_at == MADE_AT


async def test_a_finished_registration_keeps_neither_hash_nor_profile(world: World) -> None:
    await world.registering.create(account("ann"))
    [(kept, _)] = world.tables.registrations.values()
    assert (kept.state, kept.password_hash) == (RegistrationState.FINISHED, None)
    assert kept.profile.full_name is None


@pytest.mark.parametrize(
    ("name", "email", "code"),
    [("ANN", "other@example.com", "USERNAME_TAKEN"), ("bob", "ANN@example.com", "EMAIL_TAKEN")],
)
async def test_a_refusal_passes_unchanged_and_ends_the_registration(
    world: World, name: str, email: str, code: str
) -> None:
    await world.registering.create(account("ann"))
    with pytest.raises(AlreadyExists) as refused:
        await world.registering.create(NewAccount(Profile(name, email), PASSWORD, "key"))
    assert refused.value.code == code
    assert len(world.tables.registrations) == 1
    await world.registering.create(account("bob", key="key"))


async def test_the_same_key_again_is_the_same_account(world: World) -> None:
    first = await world.registering.register(account("ann", key="key"), CLIENT)
    second = await world.registering.register(account("ann", key="key"), CLIENT)
    assert (first.user_id, len(world.users.by_id)) == (second.user_id, 1)
    assert first.refresh_token != second.refresh_token
    assert world.tables.kinds() == ["registered", "logged_in"]


@pytest.mark.parametrize("step", STEPS)
async def test_the_same_key_again_resumes_what_a_crash_has_left(world: World, step: str) -> None:
    inject(world, dies_at(step))
    with pytest.raises(ProcessDies):
        await world.registering.register(account("ann", key="key"), CLIENT)
    repair(world)
    await world.registering.register(account("ann", key="key"), CLIENT)
    assert is_complete(world, "ann")
    assert len(world.users.by_id) == 1


async def test_the_same_key_again_takes_up_what_was_about_to_be_undone(world: World) -> None:
    inject(world, fails_at("after create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann", key="key"))
    repair(world)
    await world.registering.create(account("ann", key="key"))
    world.clock.advance(16)
    await world.registering.recover()
    assert is_complete(world, "ann")


async def test_the_same_key_waits_while_its_registration_is_being_undone(world: World) -> None:
    inject(world, fails_at("after create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann", key="key"))
    world.clock.advance(16)
    inject(world, dies_at("before delete"))
    with pytest.raises(ProcessDies):
        await world.registering.recover()
    repair(world)
    with pytest.raises(RegistrationBusy) as busy:
        await world.registering.create(account("ann", key="key"))
    assert busy.value.retry_after


@pytest.mark.parametrize(
    "other",
    [account("ann", password="another one", key="key"), account("bob", key="key")],
    ids=["password", "name"],
)
@pytest.mark.parametrize("step", ["after begin", "never"])
async def test_a_key_gives_nothing_to_whoever_does_not_know_the_password(
    world: World, other: NewAccount, step: str
) -> None:
    inject(world, dies_at(step))
    try:
        await world.registering.create(account("ann", key="key"))
    except ProcessDies:
        repair(world)
    with pytest.raises(IdempotencyKeyReused):
        await world.registering.register(other, CLIENT)


async def test_the_client_s_key_never_reaches_user_service(world: World) -> None:
    await world.registering.create(account("ann", key="key"))
    assert "key" not in world.users.by_key


async def test_an_overload_leaves_no_registration(world: World) -> None:
    world.passwords.refusal = Overloaded(retry_after=1)
    with pytest.raises(Overloaded):
        await world.registering.create(account("ann"))
    assert world.tables.registrations == {}


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (account("ann", password="short12"), "password"),
        (account("ann", password="x" * 129), "password"),
        (account("ann", password="PassWord"), "password"),
        (account("ann.example", password="Ann.Example"), "password"),
        (account("ann", password="ANN@example.com"), "password"),
        (account("a\0n"), "username"),
        (account("ann", key="k" * 256), "idempotency_key"),
        (NewAccount(Profile("ann", "ann@example.com", bio="\0"), PASSWORD), "bio"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(
    world: World, broken: NewAccount, field: str
) -> None:
    with pytest.raises(InvalidAccount) as refused:
        await world.registering.register(broken, CLIENT)
    assert field in {violation.field for violation in refused.value.violations}
    assert refused.value.code == "VALIDATION_FAILED"
    assert world.tables.registrations == {}
