"""Every way in which a connection ends, and what the client does about it."""

import pytest
from pinstack_tail.client import LiveClient
from pinstack_tail.delays import Delays
from pinstack_tail.errors import Stopped

from tests.device import device
from tests.fakes import FakeGateway, breaks, closes, ready, says, told

AT_ONCE = 0.002


@pytest.mark.parametrize(
    ("code", "reason", "least", "most"),
    [
        (1000, "", 0.0, AT_ONCE),
        (1001, "going away", 0.0, AT_ONCE),
        (1011, "keepalive ping timeout", 0.0, AT_ONCE),
        (1012, "restarting; retry_after_ms=25", 0.025, 0.025 + AT_ONCE),
        (1012, "restarting", 0.0, AT_ONCE),
        (4408, "client too slow", 0.0, 0.0),
        (4999, "unheard of", 0.0, AT_ONCE),
    ],
)
async def test_a_client_comes_back_after_a_delay_that_fits_the_close_code(
    gateway: FakeGateway, code: int, reason: str, least: float, most: float
) -> None:
    gateway.scripts += [closes(code, reason, ready(0), told(1)), says(ready(1), told(2))]
    async with device(gateway, after_seq=0) as phone:
        await phone.online()
        assert await phone.seqs(1) == [1]
        offline = await phone.offline()
        assert least <= offline.retry_in <= most
        assert await phone.seqs(1) == [2]
    assert gateway.refreshes == 0


@pytest.mark.parametrize(("code", "least"), [(1013, 5.0), (4429, 30.0)])
async def test_a_client_that_is_one_too_many_stays_away_for_a_while(
    gateway: FakeGateway, code: int, least: float
) -> None:
    gateway.scripts.append(closes(code, "", ready(0)))
    async with device(gateway) as phone:
        await phone.online()
        assert (await phone.offline()).retry_in >= least


@pytest.mark.parametrize("code", [1008, 1009])
async def test_a_client_at_fault_does_not_come_back(gateway: FakeGateway, code: int) -> None:
    gateway.scripts.append(closes(code, "", ready(0)))
    async with device(gateway) as phone:
        await phone.online()
        with pytest.raises(Stopped):
            await phone.next()
    assert len(gateway.visits) == 1


async def test_a_bad_token_is_renewed_and_the_client_comes_back_at_once(
    gateway: FakeGateway,
) -> None:
    gateway.scripts += [closes(4401, "token expired", ready(0)), says(ready(0))]
    async with device(gateway) as phone:
        await phone.online()
        assert (await phone.offline()).retry_in == 0
        await phone.online()
    assert [visit.token for visit in gateway.visits] == ["access-1", "access-2"]


async def test_a_connection_that_breaks_without_a_word_is_resumed(gateway: FakeGateway) -> None:
    gateway.scripts += [breaks(ready(0), told(1)), says(ready(1), told(2))]
    async with device(gateway, after_seq=0) as phone:
        assert await phone.seqs(2) == [1, 2]
    assert gateway.visits[1].said[0]["after_seq"] == 1


@pytest.mark.parametrize(
    ("status", "fields", "least"), [(503, {"Retry-After": "2"}, 2.0), (429, {}, 0.0)]
)
async def test_a_refused_handshake_is_tried_again_when_the_server_says(
    gateway: FakeGateway, status: int, fields: dict[str, str], least: float
) -> None:
    gateway.refusals.append((status, fields))
    async with device(gateway) as phone:
        offline = await phone.offline()
        assert least <= offline.retry_in <= least + AT_ONCE
        assert str(status) in offline.why


async def test_a_handshake_refused_for_its_token_gets_a_new_one(gateway: FakeGateway) -> None:
    gateway.refusals.append((401, {}))
    async with device(gateway) as phone:
        await phone.offline()
        await phone.online()
    assert [visit.token for visit in gateway.visits] == ["access-2"]


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_handshake_that_would_be_refused_again_ends_the_client(
    gateway: FakeGateway, status: int
) -> None:
    gateway.refusals.append((status, {}))
    async with device(gateway) as phone:
        with pytest.raises(Stopped, match=str(status)):
            await phone.next()


async def test_a_gateway_that_is_away_is_tried_again_with_longer_delays(
    gateway: FakeGateway,
) -> None:
    async with device(gateway) as phone:
        account = phone.client._account
    client = LiveClient("http://127.0.0.1:1", account, delays=Delays(first=0.001, longest=0.01))
    events = client.events()
    delays = [getattr(await anext(events), "retry_in", None) for _ in range(6)]
    await events.aclose()
    assert all(delay is not None and delay <= 0.01 for delay in delays)


@pytest.mark.parametrize(("failures", "most"), [(1, 0.5), (2, 1.0), (4, 4.0), (99, 30.0)])
def test_delays_are_drawn_by_lot_and_grow_up_to_a_limit(failures: int, most: float) -> None:
    drawn = [Delays().after(failures) for _ in range(200)]
    assert 0 <= min(drawn) < most / 4
    assert most * 3 / 4 < max(drawn) <= most
