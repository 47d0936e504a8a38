"""What a client marks on a live connection counts as it does over HTTP."""

import pytest
from service_kit.testing import eventually

from api_gateway.adapters.http.rate_limits import USER, RateLimits
from api_gateway.application.live.commands import Command, Ping, Read, ReadAll, Seen
from api_gateway.application.live.connection import Connection
from api_gateway.application.live.dialogue import Dialogue
from api_gateway.application.live.frames import error_frame, plain_frame
from api_gateway.domain.limit import Limit
from tests.fakes.limiter import InMemoryLimiter
from tests.fakes.live import KnownTokens
from tests.live.house import House

REFUSED = error_frame("RATE_LIMITED", "too many requests")


class Writers:
    """Who was told to have written."""

    def __init__(self) -> None:
        self.told: list[int] = []

    async def wrote(self, user_id: int) -> None:
        self.told.append(user_id)


def a_dialogue(house: House, limiter: InMemoryLimiter | None, writers: Writers) -> Dialogue:
    """One in which a user may mark two things."""
    limits = RateLimits(limiter, {USER: Limit(USER, 2)})
    return Dialogue(house.inboxes, KnownTokens(), limits, writers.wrote)


async def say(dialogue: Dialogue, connection: Connection, *commands: Command) -> None:
    for command in commands:
        await dialogue.command(connection, command)


@pytest.mark.parametrize("mark", [Read(103), ReadAll(None), Seen(None)])
async def test_a_mark_over_the_limit_is_refused_and_the_socket_goes_on(
    house: House, mark: Command
) -> None:
    house.inboxes.add(count=3)
    limiter, writers = InMemoryLimiter(), Writers()
    connection, carrier = await house.resumed()
    dialogue = a_dialogue(house, limiter, writers)
    await say(dialogue, connection, Read(101), Read(102), mark, Ping())
    await eventually(lambda: "pong" in carrier.types)
    assert [one for one in carrier.frames if one.type in ("error", "pong")] == [
        REFUSED,
        plain_frame("pong"),
    ]
    assert (house.inboxes.unread[1], writers.told) == (1, [1, 1])
    assert limiter.taken == {(USER, "1"): 3}
    assert connection.closing is None


async def test_a_mark_that_fails_counts_and_is_told_as_one_that_may_have_been_made(
    house: House,
) -> None:
    limiter, writers = InMemoryLimiter(), Writers()
    connection, carrier = await house.resumed()
    await say(a_dialogue(house, limiter, writers), connection, Read(999))
    await eventually(lambda: "error" in carrier.types)
    assert (limiter.taken[USER, "1"], writers.told) == (1, [1])


async def test_without_a_limiter_every_mark_passes(house: House) -> None:
    house.inboxes.add(count=3)
    connection, carrier = await house.resumed()
    dialogue = a_dialogue(house, None, Writers())
    await say(dialogue, connection, Read(101), Read(102), Read(103), Ping())
    await eventually(lambda: "pong" in carrier.types)
    assert "error" not in carrier.types
    assert house.inboxes.unread[1] == 0
