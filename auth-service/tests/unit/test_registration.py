"""The saga of a new account, and what a crash in the middle of it leaves."""

from collections.abc import Callable

import pytest
from service_kit.errors import AlreadyExists, AppError, DeadlineExceeded, Unavailable

from auth_service.domain.errors import (
    IdempotencyKeyReused,
    InvalidAccount,
    Overloaded,
    RegistrationBusy,
)
from auth_service.domain.models import NewAccount, Profile, RegistrationState
from tests.builders import CLIENT, PASSWORD, account
from tests.fakes import ProcessDies
from tests.world import World

STEPS = (
    "after begin",
    "before create",
    "after create",
    "before commit",
    "after commit",
)


@pytest.fixture
def world() -> World:
    return World()


def _dies_at(step: str) -> Callable[[str], None]:
    def fault(reached: str) -> None:
        if reached == step:
            raise ProcessDies(step)

    return fault


def _fails_at(step: str, error: AppError) -> Callable[[str], None]:
    def fault(reached: str) -> None:
        if reached == step:
            raise error

    return fault


def _inject(world: World, fault: Callable[[str], None]) -> None:
    world.users.fault = world.registrations.fault = world.units.fault = fault


def _repair(world: World) -> None:
    _inject(world, lambda _step: None)


def _is_complete(world: World, name: str) -> bool:
    """Whether the account is there in both services; fails where it is in one of them only."""
    users = {user_id for user_id, known in world.users.by_id.items() if known.username == name}
    with_password = users & set(world.tables.credentials)
    assert users == with_password, "a username is taken by nobody"
    return bool(users)


async def test_registering_makes_a_user_with_a_password_and_signs_it_in(world: World) -> None:
    pair = await world.registering.register(account("ann"), CLIENT)
    assert _is_complete(world, "ann")
    assert world.users.by_id[pair.user_id].full_name == "Ann"
    assert pair.expires_in == 900
    assert [item.device for item in await world.signed_in.list(pair.user_id)] == ["a browser"]
    assert world.tables.kinds() == ["registered"]


async def test_an_account_can_be_made_without_signing_in(world: World) -> None:
    user_id = await world.registering.create(account("ann"))
    assert _is_complete(world, "ann")
    assert await world.signed_in.list(user_id) == []


async def test_a_finished_registration_keeps_neither_hash_nor_profile(world: World) -> None:
    await world.registering.create(account("ann"))
    [(kept, _)] = world.tables.registrations.values()
    assert (kept.state, kept.password_hash) == (RegistrationState.FINISHED, None)
    assert kept.profile.full_name is None


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_after_any_step_ends_in_a_complete_account(world: World, step: str) -> None:
    _inject(world, _dies_at(step))
    with pytest.raises(ProcessDies):
        await world.registering.register(account("ann"), CLIENT)
    _repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert _is_complete(world, "ann")
    await world.logins.login("ann", PASSWORD, CLIENT)
    assert await world.registering.recover() == 0


@pytest.mark.parametrize("first", STEPS[1:])
@pytest.mark.parametrize("second", STEPS[1:])
async def test_a_crash_in_the_recovery_too_is_recovered_from(
    world: World, first: str, second: str
) -> None:
    _inject(world, _dies_at(first))
    with pytest.raises(ProcessDies):
        await world.registering.create(account("ann"))
    world.clock.advance(16)
    _inject(world, _dies_at(second))
    try:
        await world.registering.recover()
    except ProcessDies:
        world.clock.advance(16)
    _repair(world)
    await world.registering.recover()
    assert _is_complete(world, "ann")


async def test_recovery_leaves_alone_what_somebody_is_working_on(world: World) -> None:
    _inject(world, _dies_at("after begin"))
    with pytest.raises(ProcessDies):
        await world.registering.create(account("ann"))
    _repair(world)
    world.clock.advance(14)
    assert await world.registering.recover() == 0
    assert not _is_complete(world, "ann")


@pytest.mark.parametrize("error", [Unavailable(), DeadlineExceeded()])
@pytest.mark.parametrize("step", ["before create", "after create"])
async def test_what_the_client_was_told_has_failed_is_undone(
    world: World, step: str, error: AppError
) -> None:
    _inject(world, _fails_at(step, error))
    with pytest.raises(type(error)):
        await world.registering.register(account("ann"), CLIENT)
    _repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert (world.users.by_id, world.tables.registrations) == ({}, {})
    await world.registering.register(account("ann"), CLIENT)


@pytest.mark.parametrize("step", ["find", "before create", "after create", "before delete"])
async def test_a_crash_in_the_undoing_is_recovered_from(world: World, step: str) -> None:
    _inject(world, _fails_at("after create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann"))
    world.clock.advance(16)
    _inject(world, _dies_at(step))
    with pytest.raises(ProcessDies):
        await world.registering.recover()
    _repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert (world.users.by_id, world.tables.registrations) == ({}, {})


async def test_undoing_does_not_touch_somebody_else_who_has_the_name_now(world: World) -> None:
    _inject(world, _fails_at("before create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann"))
    _repair(world)
    other = await world.registering.create(account("ann"))
    world.clock.advance(16)
    await world.registering.recover()
    assert list(world.users.by_id) == [other]
    assert _is_complete(world, "ann")


async def test_a_recovery_that_can_not_go_on_tries_again_later(world: World) -> None:
    _inject(world, _dies_at("after begin"))
    with pytest.raises(ProcessDies):
        await world.registering.create(account("ann"))
    _inject(world, _fails_at("before create", Unavailable()))
    world.clock.advance(16)
    with pytest.raises(Unavailable):
        await world.registering.recover()
    _repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert _is_complete(world, "ann")


async def test_one_that_can_not_be_recovered_does_not_hold_up_the_others(world: World) -> None:
    _inject(world, _dies_at("after begin"))
    for name in ("ann", "bob"):
        with pytest.raises(ProcessDies):
            await world.registering.create(account(name))
        world.clock.advance(1)
    world.clock.advance(16)
    _inject(world, _fails_at("before create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.recover()
    _repair(world)
    assert await world.registering.recover() == 1
    assert _is_complete(world, "bob")


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
    _inject(world, _dies_at(step))
    with pytest.raises(ProcessDies):
        await world.registering.register(account("ann", key="key"), CLIENT)
    _repair(world)
    await world.registering.register(account("ann", key="key"), CLIENT)
    assert _is_complete(world, "ann")
    assert len(world.users.by_id) == 1


async def test_the_same_key_again_takes_up_what_was_about_to_be_undone(world: World) -> None:
    _inject(world, _fails_at("after create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann", key="key"))
    _repair(world)
    await world.registering.create(account("ann", key="key"))
    world.clock.advance(16)
    await world.registering.recover()
    assert _is_complete(world, "ann")


async def test_the_same_key_waits_while_its_registration_is_being_undone(world: World) -> None:
    _inject(world, _fails_at("after create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann", key="key"))
    world.clock.advance(16)
    _inject(world, _dies_at("before delete"))
    with pytest.raises(ProcessDies):
        await world.registering.recover()
    _repair(world)
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
    _inject(world, _dies_at(step))
    try:
        await world.registering.create(account("ann", key="key"))
    except ProcessDies:
        _repair(world)
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
