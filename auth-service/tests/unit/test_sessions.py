"""Refreshing, logging out, and the end of sessions."""

import asyncio
from uuid import uuid4

import pytest

from auth_service.domain.errors import (
    AccountNotFound,
    IdempotencyKeyReused,
    InvalidCredentials,
    InvalidRefreshToken,
    SessionNotFound,
)
from auth_service.domain.models import Role, TokenPair
from tests.builders import CLIENT, PASSWORD, account
from tests.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def pair(world: World) -> TokenPair:
    return await world.registering.register(account("ann"), CLIENT)


async def _is_dead(world: World, refresh_token: str) -> bool:
    try:
        await world.signed_in.refresh(refresh_token)
    except InvalidRefreshToken:
        return True
    return False


async def test_a_refresh_gives_the_next_pair_of_the_same_session(
    world: World, pair: TokenPair
) -> None:
    world.clock.advance(60)
    following = await world.signed_in.refresh(pair.refresh_token)
    assert following.refresh_token != pair.refresh_token
    first, second = world.access_tokens.issued
    assert (first.session_id, first.user_id) == (second.session_id, second.user_id)
    assert second.issued_at == world.clock.now
    [session] = await world.signed_in.list(1)
    assert session.last_used_at == world.clock.now


async def test_fifty_refreshes_at_once_have_one_successor_and_one_family(
    world: World, pair: TokenPair
) -> None:
    answers = await asyncio.gather(
        *(world.signed_in.refresh(pair.refresh_token) for _ in range(50))
    )
    assert len({answer.refresh_token for answer in answers}) == 1
    assert len(await world.signed_in.list(1)) == 1
    assert len(world.tables.tokens) == 2
    assert not await _is_dead(world, answers[0].refresh_token)


async def test_within_the_grace_a_spent_token_gives_its_successor_though_that_is_spent_too(
    world: World, pair: TokenPair
) -> None:
    second = await world.signed_in.refresh(pair.refresh_token)
    await world.signed_in.refresh(second.refresh_token)
    world.clock.advance(19)
    again = await world.signed_in.refresh(pair.refresh_token)
    assert again.refresh_token == second.refresh_token


async def test_a_replay_after_the_grace_ends_the_family(world: World, pair: TokenPair) -> None:
    second = await world.signed_in.refresh(pair.refresh_token)
    third = await world.signed_in.refresh(second.refresh_token)
    world.clock.advance(20)
    assert await _is_dead(world, pair.refresh_token)
    assert await _is_dead(world, third.refresh_token)
    session_id = world.access_tokens.issued[0].session_id
    assert [row.session_id for row in world.tables.revocations] == [session_id]
    assert world.tables.kinds()[-1] == "refresh_replayed"


async def test_a_replay_ends_no_other_family(world: World, pair: TokenPair) -> None:
    other = await world.logins.login("ann", PASSWORD, CLIENT)
    await world.signed_in.refresh(pair.refresh_token)
    world.clock.advance(20)
    assert await _is_dead(world, pair.refresh_token)
    assert not await _is_dead(world, other.refresh_token)


async def test_an_unused_token_dies_after_thirty_days_and_a_used_session_after_its_longest_life(
    world: World, pair: TokenPair
) -> None:
    other = await world.logins.login("ann", PASSWORD, CLIENT)
    token = pair.refresh_token
    for days in (29, 29, 29, 29, 29, 29, 5):
        world.clock.advance(days * 86400)
        token = (await world.signed_in.refresh(token)).refresh_token
    world.clock.advance(2 * 86400)
    assert await _is_dead(world, token)
    assert await _is_dead(world, other.refresh_token)
    assert await world.signed_in.list(1) == []


@pytest.mark.parametrize("made_up", ["", "x", "é" * 50])
async def test_a_made_up_token_is_refused(world: World, pair: TokenPair, made_up: str) -> None:
    with pytest.raises(InvalidRefreshToken) as refused:
        await world.signed_in.refresh(made_up)
    told = refused.value
    assert (told.code, told.message) == ("INVALID_REFRESH_TOKEN", "invalid refresh token")


async def test_logging_out_ends_the_session_once(world: World, pair: TokenPair) -> None:
    await world.signed_in.logout(pair.refresh_token)
    assert await _is_dead(world, pair.refresh_token)
    with pytest.raises(InvalidRefreshToken):
        await world.signed_in.logout(pair.refresh_token)
    with pytest.raises(InvalidRefreshToken):
        await world.signed_in.logout("made up")
    assert len(world.tables.revocations) == 1


async def test_the_token_before_the_last_one_logs_out_too(world: World, pair: TokenPair) -> None:
    second = await world.signed_in.refresh(pair.refresh_token)
    await world.signed_in.logout(pair.refresh_token)
    assert await _is_dead(world, second.refresh_token)


async def test_a_session_is_revoked_by_its_own_user_only(world: World, pair: TokenPair) -> None:
    [session] = await world.signed_in.list(pair.user_id)
    for user_id, session_id in ((2, session.id), (1, uuid4())):
        with pytest.raises(SessionNotFound, match="session not found"):
            await world.signed_in.revoke(user_id, session_id)
    await world.signed_in.revoke(1, session.id)
    with pytest.raises(SessionNotFound):
        await world.signed_in.revoke(1, session.id)
    assert await _is_dead(world, pair.refresh_token)


async def test_a_deleted_user_loses_everything_once(world: World) -> None:
    pair = await world.registering.register(account("ann", key="key"), CLIENT)
    event = uuid4()
    for _ in range(2):
        await world.accounts.remove({event: 1})
    assert await _is_dead(world, pair.refresh_token)
    with pytest.raises(InvalidCredentials):
        await world.logins.login("ann", PASSWORD, CLIENT)
    assert [(row.user_id, row.session_id) for row in world.tables.revocations] == [(1, None)]
    assert world.tables.kinds().count("account_removed") == 1
    world.users.by_id.clear()
    world.users.by_key.clear()
    again = await world.registering.register(account("ann", key="key"), CLIENT)
    assert again.user_id == 2


async def test_a_role_is_in_the_tokens_from_the_next_refresh_on(
    world: World, pair: TokenPair
) -> None:
    assert await world.accounts.set_role(1, Role.ADMIN, granted=True) == (Role.USER, Role.ADMIN)
    second = await world.signed_in.refresh(pair.refresh_token)
    assert await world.accounts.set_role(1, Role.ADMIN, granted=False) == (Role.USER,)
    await world.signed_in.refresh(second.refresh_token)
    roles = [grant.roles for grant in world.access_tokens.issued]
    assert roles == [(Role.USER,), (Role.USER, Role.ADMIN), (Role.USER,)]
    assert [(row.user_id, row.session_id) for row in world.tables.revocations] == [(1, None)]


async def test_nobody_has_no_role(world: World) -> None:
    with pytest.raises(AccountNotFound):
        await world.accounts.set_role(1, Role.ADMIN, granted=True)


async def test_a_key_of_a_changed_password_needs_the_new_one(world: World) -> None:
    await world.registering.register(account("ann", key="key"), CLIENT)
    await world.logins.update_password(1, PASSWORD, "another secret", None)
    with pytest.raises(IdempotencyKeyReused):
        await world.registering.register(account("ann", key="key"), CLIENT)
