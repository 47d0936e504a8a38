"""How connections live and end: slow clients, tokens, limits, the end of the process."""

import asyncio
from functools import partial

import pytest
from service_kit.errors import AppError
from service_kit.testing import eventually

from api_gateway.application.live import closing
from api_gateway.application.live.closing import Full, Restarting, TooManyConnections
from api_gateway.application.live.limits import Limits
from tests.fakes.live import RecordingCarrier
from tests.live.builders import a_principal
from tests.live.house import LIMITS, House, Make


async def test_a_client_that_takes_nothing_is_closed_and_its_queue_dropped(house: House) -> None:
    connection, carrier = await house.resumed()
    carrier.block()
    house.inboxes.add(count=LIMITS.queue + 1)
    await eventually(lambda: connection.closing)
    assert connection.closing == closing.TOO_SLOW
    carrier.unblock()
    await eventually(lambda: carrier.closed)
    assert carrier.closed == closing.TOO_SLOW
    assert carrier.unsent + len(carrier.frames) == 1 + LIMITS.queue


async def test_a_client_that_takes_not_even_its_close_frame_is_let_go(house: House) -> None:
    connection, carrier = await house.resumed()
    carrier.block()
    house.inboxes.add(count=LIMITS.queue + 1)
    await eventually(lambda: connection.closing)
    house.clock.advance(LIMITS.closing_seconds)
    await eventually(lambda: carrier.aborted)
    assert connection.aborted


async def test_a_frame_that_does_not_leave_between_two_heartbeats_is_too_slow(
    house: House,
) -> None:
    connection, carrier = await house.resumed()
    carrier.block()
    house.inboxes.add()

    def closes() -> bool:
        house.clock.advance(LIMITS.heartbeat_seconds)
        return connection.closing == closing.TOO_SLOW

    await eventually(closes)
    house.clock.advance(LIMITS.closing_seconds)
    await eventually(lambda: carrier.aborted)


async def test_a_heartbeat_for_which_there_is_no_room_closes_and_lets_go(house: House) -> None:
    connection, carrier = await house.resumed()
    carrier.block()
    house.inboxes.add(count=LIMITS.queue)
    await eventually(lambda: house.inboxes.state(1).last_seq == connection.session.last)
    house.clock.advance(LIMITS.heartbeat_seconds)
    await eventually(lambda: connection.closing)
    assert connection.closing == closing.TOO_SLOW
    house.clock.advance(LIMITS.closing_seconds)
    await eventually(lambda: carrier.aborted)


async def test_an_announcement_for_which_there_is_no_room_closes_and_lets_go(
    house: House,
) -> None:
    connection, carrier = house.connect(expires_at=house.clock.now + 61)
    connection.resume(None)
    await eventually(lambda: "ready" in carrier.types)
    carrier.block()
    house.inboxes.add(count=LIMITS.queue)
    await eventually(lambda: house.inboxes.state(1).last_seq == connection.session.last)
    house.clock.advance(1)
    await eventually(lambda: connection.closing)
    assert connection.closing == closing.TOO_SLOW
    house.clock.advance(LIMITS.closing_seconds)
    await eventually(lambda: carrier.aborted)


async def test_a_new_token_does_not_keep_a_client_that_is_being_closed(house: House) -> None:
    connection, carrier = await house.resumed()
    carrier.block()
    connection.close(closing.TOKEN_REVOKED)
    connection.renew(a_principal(expires_at=house.clock.now + 500))
    house.clock.advance(LIMITS.closing_seconds)
    await eventually(lambda: carrier.aborted)


async def test_a_client_that_is_gone_is_left_to_its_carrier(house: House) -> None:
    connection, carrier = await house.resumed()
    carrier.gone = True
    house.inboxes.add(count=2)
    await house.hub.detach(connection)
    assert (carrier.closed, carrier.types) == (None, ["ready"])


async def test_heartbeats_come_again_and_again(house: House) -> None:
    _, carrier = await house.resumed()
    for beats in range(1, 4):
        house.clock.advance(LIMITS.heartbeat_seconds)
        await eventually(partial(_has_pings, carrier, beats))


def _has_pings(carrier: RecordingCarrier, number: int) -> bool:
    return carrier.types.count("ping") == number


async def test_a_clock_that_is_set_back_holds_up_no_heartbeat_and_no_abort(house: House) -> None:
    connection, carrier = await house.resumed()
    house.clock.now -= 3600
    house.clock.advance(LIMITS.heartbeat_seconds)
    await eventually(partial(_has_pings, carrier, 1))
    carrier.block()
    connection.close(closing.TOKEN_REVOKED)
    house.clock.now -= 3600
    house.clock.advance(LIMITS.closing_seconds)
    await eventually(lambda: carrier.aborted)


async def test_a_token_ends_by_the_clock_though_that_was_set_meanwhile(house: House) -> None:
    connection, carrier = house.connect(expires_at=house.clock.now + 1000)
    connection.resume(None)
    house.clock.now += 1000
    house.clock.advance(LIMITS.heartbeat_seconds)
    await eventually(lambda: carrier.closed)
    assert carrier.closed == closing.TOKEN_EXPIRED


async def test_who_says_nothing_goes_on_from_now(house: House) -> None:
    house.inboxes.add(count=2)
    _, carrier = house.connect()
    house.clock.advance(LIMITS.resume_seconds)
    await eventually(lambda: carrier.types == ["ready"])
    assert carrier.seqs == [2]


async def test_a_token_is_announced_to_expire_and_ends_the_connection(house: House) -> None:
    connection, carrier = house.connect(expires_at=house.clock.now + 100)
    connection.resume(None)
    house.clock.advance(39)
    await eventually(lambda: "ready" in carrier.types)
    assert "token_expiring" not in carrier.types
    house.clock.advance(1)
    await eventually(lambda: "token_expiring" in carrier.types)
    house.clock.advance(60)
    await eventually(lambda: carrier.closed)
    assert carrier.closed == closing.TOKEN_EXPIRED
    assert carrier.types.count("token_expiring") == 1


async def test_a_new_token_prolongs_it(house: House) -> None:
    connection, carrier = house.connect(expires_at=house.clock.now + 100)
    house.clock.advance(50)
    await eventually(lambda: "token_expiring" in carrier.types)
    connection.renew(a_principal(expires_at=house.clock.now + 500))
    house.clock.advance(100)
    await eventually(lambda: "ping" in carrier.types)
    assert carrier.closed is None
    house.clock.advance(340)
    await eventually(lambda: carrier.types.count("token_expiring") == 2)


async def test_a_revoked_session_is_closed_and_the_others_are_not(house: House) -> None:
    _, mine = house.connect(session_id="s1")
    _, other = house.connect(session_id="s2")
    _, stranger = house.connect(user_id=2, session_id="s1")
    house.revocations.revoke(1, "s1")
    await eventually(lambda: mine.closed)
    assert mine.closed == closing.TOKEN_REVOKED
    assert (other.closed, stranger.closed) == (None, None)


async def test_revocations_are_watched_again_after_they_broke_off(house: House) -> None:
    _, carrier = house.connect()
    house.revocations.break_off()
    await eventually(lambda: house.revocations.watched == 2)
    house.revocations.revoke(1)
    await eventually(lambda: carrier.closed)


async def test_a_user_has_a_bounded_number_of_connections(house: House) -> None:
    first, _ = house.connect()
    house.connect()
    house.connect()
    with pytest.raises(TooManyConnections):
        house.connect()
    house.connect(user_id=2)
    await house.hub.detach(first)
    house.connect()


async def test_a_process_has_a_bounded_number_of_connections(house: House) -> None:
    for number in range(LIMITS.connections):
        house.connect(user_id=number)
    with pytest.raises(Full):
        house.connect(user_id=99)


async def test_when_it_ends_every_client_is_sent_away_at_its_own_pace(house: House) -> None:
    clients = [house.connect(user_id=number) for number in range(5)]
    ending = asyncio.create_task(house.hub.close())
    await eventually(lambda: all(carrier.closed for _, carrier in clients))
    assert {carrier.closed.close_code for _, carrier in clients if carrier.closed} == {1012}
    assert len({carrier.closed.retry_after for _, carrier in clients if carrier.closed}) == 5
    with pytest.raises(Restarting):
        house.connect(user_id=9)
    for connection, _ in clients:
        await house.hub.detach(connection)
    await ending


async def test_the_end_does_not_wait_for_clients_that_take_nothing(make: Make) -> None:
    house = make(Limits(closing_seconds=0.05))
    _, carrier = house.connect()
    carrier.block()
    await house.hub.close()
    assert carrier.aborted


@pytest.mark.parametrize(
    ("error", "code"),
    [(TooManyConnections(), 4429), (Restarting(retry_after=2), 1012), (Full(), 1013)],
)
def test_a_refusal_is_a_close_code(error: AppError, code: int) -> None:
    assert closing.refusal(error).close_code == code
