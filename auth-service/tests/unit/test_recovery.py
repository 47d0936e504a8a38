"""What a crash in the middle of a registration leaves, and what becomes of it."""

import pytest
from service_kit.errors import AppError, DeadlineExceeded, Unavailable

from tests.builders import CLIENT, PASSWORD, account
from tests.fakes import ProcessDies
from tests.faults import STEPS, dies_at, fails_at, inject, is_complete, repair
from tests.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_after_any_step_ends_in_a_complete_account(world: World, step: str) -> None:
    inject(world, dies_at(step))
    with pytest.raises(ProcessDies):
        await world.registering.register(account("ann"), CLIENT)
    repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert is_complete(world, "ann")
    await world.logins.login("ann", PASSWORD, CLIENT)
    assert await world.registering.recover() == 0


@pytest.mark.parametrize("first", STEPS[1:])
@pytest.mark.parametrize("second", STEPS[1:])
async def test_a_crash_in_the_recovery_too_is_recovered_from(
    world: World, first: str, second: str
) -> None:
    inject(world, dies_at(first))
    with pytest.raises(ProcessDies):
        await world.registering.create(account("ann"))
    world.clock.advance(16)
    inject(world, dies_at(second))
    try:
        await world.registering.recover()
    except ProcessDies:
        world.clock.advance(16)
    repair(world)
    await world.registering.recover()
    assert is_complete(world, "ann")


async def test_recovery_leaves_alone_what_somebody_is_working_on(world: World) -> None:
    inject(world, dies_at("after begin"))
    with pytest.raises(ProcessDies):
        await world.registering.create(account("ann"))
    repair(world)
    world.clock.advance(14)
    assert await world.registering.recover() == 0
    assert not is_complete(world, "ann")


@pytest.mark.parametrize("error", [Unavailable(), DeadlineExceeded()])
@pytest.mark.parametrize("step", ["before create", "after create"])
async def test_what_the_client_was_told_has_failed_is_undone(
    world: World, step: str, error: AppError
) -> None:
    inject(world, fails_at(step, error))
    with pytest.raises(type(error)):
        await world.registering.register(account("ann"), CLIENT)
    repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert (world.users.by_id, world.tables.registrations) == ({}, {})
    await world.registering.register(account("ann"), CLIENT)


@pytest.mark.parametrize("step", ["find", "before create", "after create", "before delete"])
async def test_a_crash_in_the_undoing_is_recovered_from(world: World, step: str) -> None:
    inject(world, fails_at("after create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann"))
    world.clock.advance(16)
    inject(world, dies_at(step))
    with pytest.raises(ProcessDies):
        await world.registering.recover()
    repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert (world.users.by_id, world.tables.registrations) == ({}, {})


async def test_undoing_does_not_touch_somebody_else_who_has_the_name_now(world: World) -> None:
    inject(world, fails_at("before create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.create(account("ann"))
    repair(world)
    other = await world.registering.create(account("ann"))
    world.clock.advance(16)
    await world.registering.recover()
    assert list(world.users.by_id) == [other.id]
    assert is_complete(world, "ann")


async def test_a_recovery_that_can_not_go_on_tries_again_later(world: World) -> None:
    inject(world, dies_at("after begin"))
    with pytest.raises(ProcessDies):
        await world.registering.create(account("ann"))
    inject(world, fails_at("before create", Unavailable()))
    world.clock.advance(16)
    with pytest.raises(Unavailable):
        await world.registering.recover()
    repair(world)
    world.clock.advance(16)
    await world.registering.recover()
    assert is_complete(world, "ann")


async def test_one_that_can_not_be_recovered_does_not_hold_up_the_others(world: World) -> None:
    inject(world, dies_at("after begin"))
    for name in ("ann", "bob"):
        with pytest.raises(ProcessDies):
            await world.registering.create(account(name))
        world.clock.advance(1)
    world.clock.advance(16)
    inject(world, fails_at("before create", Unavailable()))
    with pytest.raises(Unavailable):
        await world.registering.recover()
    repair(world)
    assert await world.registering.recover() == 1
    assert is_complete(world, "bob")
