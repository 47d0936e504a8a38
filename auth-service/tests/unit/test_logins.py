"""Logging in, and changing the password."""

from dataclasses import replace
from uuid import uuid4

import pytest

from auth_service.domain.errors import (
    InvalidAccount,
    InvalidCredentials,
    InvalidRefreshToken,
    Overloaded,
    TooManyAttempts,
    WrongPassword,
)
from auth_service.domain.models import Client
from tests.builders import CLIENT, LIMITS, PASSWORD, account
from tests.world import World

ELSEWHERE = Client("a phone", "198.51.100.7")


@pytest.fixture
async def world() -> World:
    made = World()
    await made.registering.create(account("ann"))
    return made


async def _fail(world: World, login: str, client: Client = CLIENT, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            await world.logins.login(login, "wrong password", client)


@pytest.mark.parametrize("login", ["ann", "ANN", "ann@example.com", "Ann@Example.COM"])
async def test_one_logs_in_by_name_or_e_mail_in_any_case(world: World, login: str) -> None:
    pair = await world.logins.login(login, PASSWORD, CLIENT)
    assert pair.user_id == 1
    [grant] = world.access_tokens.issued
    [session] = await world.signed_in.list(1)
    assert (grant.session_id, grant.user_id) == (session.id, 1)
    assert (session.device, session.client_address) == ("a browser", "192.0.2.1")


async def test_unknown_account_and_wrong_password_are_one_answer_after_the_same_steps(
    world: World,
) -> None:
    told = []
    for login, password in (("ann", "wrong password"), ("nobody", PASSWORD)):
        with pytest.raises(InvalidCredentials) as refused:
            await world.logins.login(login, password, CLIENT)
        told.append((refused.value.code, refused.value.message, refused.value.violations))
    assert told[0] == told[1]
    assert told[0][:2] == (
        "INVALID_CREDENTIALS",
        "invalid credentials: wrong password or user not found",
    )
    assert world.users.looked_up[-2:] == ["ann", "nobody"]
    assert world.passwords.checked == [f"p1:{PASSWORD}", None]
    assert world.tables.kinds()[-2:] == ["login_failed", "login_failed"]


@pytest.mark.parametrize(
    ("login", "password", "field"),
    [
        ("", PASSWORD, "login"),
        ("x" * 255, PASSWORD, "login"),
        ("a\0b", PASSWORD, "login"),
        ("ann", "", "password"),
    ],
)
async def test_what_can_be_no_login_is_refused_by_field(
    world: World, login: str, password: str, field: str
) -> None:
    with pytest.raises(InvalidAccount) as refused:
        await world.logins.login(login, password, CLIENT)
    assert {violation.field for violation in refused.value.violations} == {field}


async def test_a_hash_of_old_parameters_is_renewed_at_login(world: World) -> None:
    world.passwords.parameters = "p2"
    await world.logins.login("ann", PASSWORD, CLIENT)
    assert world.tables.credentials[1].password_hash == f"p2:{PASSWORD}"
    assert world.tables.credentials[1].version == 1


async def test_guesses_run_out_for_an_address_and_the_account_stays_open_elsewhere(
    world: World,
) -> None:
    await _fail(world, "ann", times=LIMITS.pair.guesses)
    with pytest.raises(TooManyAttempts) as refused:
        await world.logins.login("ann", PASSWORD, CLIENT)
    assert refused.value.retry_after == pytest.approx(30)
    await world.logins.login("ann", PASSWORD, ELSEWHERE)
    world.clock.advance(30)
    await world.logins.login("ann", PASSWORD, CLIENT)


async def test_an_unknown_account_runs_out_of_guesses_like_a_known_one(world: World) -> None:
    await _fail(world, "nobody", times=LIMITS.pair.guesses)
    with pytest.raises(TooManyAttempts):
        await world.logins.login("NoBody", PASSWORD, CLIENT)


async def test_a_right_password_forgets_the_wrong_ones(world: World) -> None:
    for _ in range(2):
        await _fail(world, "ann", times=LIMITS.pair.guesses - 1)
        await world.logins.login("ann", PASSWORD, CLIENT)


async def test_right_passwords_cost_nothing(world: World) -> None:
    for _ in range(50):
        await world.logins.login("ann", PASSWORD, CLIENT)


async def test_an_address_that_tries_many_accounts_runs_out(world: World) -> None:
    for number in range(LIMITS.address.guesses):
        await _fail(world, f"user{number}")
    with pytest.raises(TooManyAttempts):
        await world.logins.login("ann", PASSWORD, CLIENT)
    await world.logins.login("ann", PASSWORD, ELSEWHERE)


async def test_an_account_under_attack_gives_each_address_fewer_guesses_and_stays_open(
    world: World,
) -> None:
    for number in range(LIMITS.account.guesses):
        await _fail(world, "ann", Client(address=f"203.0.113.{number}"))
    await _fail(world, "ann", ELSEWHERE, times=LIMITS.under_attack.guesses)
    with pytest.raises(TooManyAttempts):
        await world.logins.login("ann", PASSWORD, ELSEWHERE)
    await world.logins.login("ann", PASSWORD, CLIENT)


async def test_nothing_runs_out_where_limits_are_off() -> None:
    world = World(limited=False)
    await world.registering.create(account("ann"))
    await _fail(world, "ann", times=50)
    await world.logins.login("ann", PASSWORD, CLIENT)


async def test_an_overload_is_told_at_once_and_is_no_wrong_guess(world: World) -> None:
    world.passwords.refusal = Overloaded(retry_after=1)
    for _ in range(LIMITS.pair.guesses + 1):
        with pytest.raises(Overloaded):
            await world.logins.login("ann", PASSWORD, CLIENT)
    assert world.users.looked_up == []  # nothing was done for nothing
    world.passwords.refusal = None
    await world.logins.login("ann", PASSWORD, CLIENT)


async def test_a_login_with_a_password_that_is_just_being_changed_fails(world: World) -> None:
    stale = world.tables.credentials[1]

    class Late:
        """Reads a credential that somebody replaces a moment later."""

        async def get(self, _user_id: int) -> object:
            world.tables.credentials[1] = replace(stale, password_hash="p1:new one", version=2)
            return stale

    logins = replace(world.logins, credentials=Late())  # type: ignore[arg-type] # it is one
    with pytest.raises(InvalidCredentials):
        await logins.login("ann", PASSWORD, CLIENT)
    assert await world.signed_in.list(1) == []


async def test_a_new_password_ends_every_session_but_the_one_that_made_it(world: World) -> None:
    keep = await world.logins.login("ann", PASSWORD, CLIENT)
    other = await world.logins.login("ann", PASSWORD, ELSEWHERE)
    kept, ended = (grant.session_id for grant in world.access_tokens.issued)
    await world.logins.update_password(1, PASSWORD, "another secret", kept)
    assert [session.id for session in await world.signed_in.list(1)] == [kept]
    assert [(row.user_id, row.session_id) for row in world.tables.revocations] == [(1, ended)]
    await world.signed_in.refresh(keep.refresh_token)
    with pytest.raises(InvalidRefreshToken):
        await world.signed_in.refresh(other.refresh_token)
    await _fail_with_old_password(world)
    await world.logins.login("ann", "another secret", CLIENT)


async def _fail_with_old_password(world: World) -> None:
    with pytest.raises(InvalidCredentials):
        await world.logins.login("ann", PASSWORD, CLIENT)


async def test_without_a_session_to_keep_all_of_them_end(world: World) -> None:
    await world.logins.login("ann", PASSWORD, CLIENT)
    await world.logins.update_password(1, PASSWORD, "another secret", None)
    assert await world.signed_in.list(1) == []


@pytest.mark.parametrize("user_id", [1, 99])
async def test_the_old_password_must_be_right(world: World, user_id: int) -> None:
    with pytest.raises(WrongPassword) as refused:
        await world.logins.update_password(user_id, "wrong password", "another secret", uuid4())
    assert (refused.value.code, refused.value.message) == (
        "INVALID_CREDENTIALS",
        "invalid credentials",
    )
    await world.logins.login("ann", PASSWORD, CLIENT)


@pytest.mark.parametrize("new", ["short12", "qwertyuiop", "ANN@example.com"])
async def test_the_new_password_must_keep_the_rules(world: World, new: str) -> None:
    with pytest.raises(InvalidAccount) as refused:
        await world.logins.update_password(1, PASSWORD, new, None)
    assert [violation.field for violation in refused.value.violations] == ["new_password"]


async def test_the_old_password_can_not_be_guessed_by_changing_it(world: World) -> None:
    for _ in range(LIMITS.pair.guesses):
        with pytest.raises(WrongPassword):
            await world.logins.update_password(1, "wrong password", "another secret", None)
    with pytest.raises(TooManyAttempts):
        await world.logins.update_password(1, PASSWORD, "another secret", None)
    await world.logins.login("ann", PASSWORD, CLIENT)
