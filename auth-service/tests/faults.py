"""Faults at the steps of the saga, and what they leave."""

from collections.abc import Callable

from service_kit.errors import AppError

from tests.fakes import ProcessDies
from tests.world import World

STEPS = ("after begin", "before create", "after create", "before commit", "after commit")


def dies_at(step: str) -> Callable[[str], None]:
    """The process dies at a step of the saga."""

    def fault(reached: str) -> None:
        if reached == step:
            raise ProcessDies(step)

    return fault


def fails_at(step: str, error: AppError) -> Callable[[str], None]:
    """A step of the saga fails."""

    def fault(reached: str) -> None:
        if reached == step:
            raise error

    return fault


def inject(world: World, fault: Callable[[str], None]) -> None:
    """Have every double tell `fault` what it does."""
    world.users.fault = world.registrations.fault = world.units.fault = fault


def repair(world: World) -> None:
    """Let everything work again."""
    inject(world, lambda _step: None)


def is_complete(world: World, name: str) -> bool:
    """Whether the account is there in both services; fails where it is in one of them only."""
    users = {user_id for user_id, known in world.users.by_id.items() if known.username == name}
    with_password = users & set(world.tables.credentials)
    assert users == with_password, "a username is taken by nobody"
    return bool(users)
