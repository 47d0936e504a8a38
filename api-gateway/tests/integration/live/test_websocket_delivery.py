"""What happens in an inbox, over a real socket from a real stream."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from service_kit.testing import eventually

from tests.live.gateway import LiveGateway, live_gateway, quick


async def test_missed_ones_come_first_then_live_ones(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=1, count=250)
    async with gateway.socket(gateway.tokens.of(1)) as client:
        assert await client.resume(3) == {"type": "ready", "seq": 250, "unread": 250}
        missed = [await client.hear("notification") for _ in range(247)]
        assert [frame["seq"] for frame in missed] == list(range(4, 251))
        gateway.inboxes.add(user_id=1)
        assert (await client.hear("notification"))["seq"] == 251


async def test_a_notification_is_shown_as_over_http(gateway: LiveGateway) -> None:
    async with gateway.socket(gateway.tokens.of(2)) as client:
        assert await client.resume() == {"type": "ready", "seq": 0, "unread": 0}
        gateway.inboxes.add(user_id=2)
        assert await client.hear() == {
            "type": "notification",
            "seq": 1,
            "unread": 1,
            "data": {
                "id": 101,
                "user_id": 2,
                "type": "follow_created",
                "is_read": False,
                "created_at": "2026-01-02T03:04:05Z",
                "seq": 1,
                "payload": {"n": 1},
            },
        }


async def test_tombstones_and_withdrawals_are_told(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=3, count=2)
    gateway.inboxes.withdraw(1, user_id=3)
    async with gateway.socket(gateway.tokens.of(3)) as client:
        await client.resume(0)
        assert await client.hear() == {"type": "withdrawn", "id": 101, "seq": 1, "unread": 1}
        assert (await client.hear("notification"))["seq"] == 2
        gateway.inboxes.withdraw(2, user_id=3)
        assert await client.hear() == {"type": "withdrawn", "id": 102, "unread": 0}


async def test_what_one_device_reads_the_others_see(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=4, count=3)
    token = gateway.tokens.of(4)
    async with gateway.socket(token) as one, gateway.socket(token) as two:
        await one.resume()
        await two.resume()
        await one.say(type="read", id=101)
        assert await two.hear() == {"type": "unread", "unread": 2}
        assert await one.hear() == {"type": "unread", "unread": 2}
        await one.say(type="read_all", up_to_seq=3)
        assert await two.hear() == {"type": "unread", "unread": 0}


async def test_what_cannot_be_read_is_an_error_frame(gateway: LiveGateway) -> None:
    async with gateway.socket(gateway.tokens.of(5)) as client:
        await client.resume()
        await client.say(type="read", id=999)
        assert await client.hear() == {
            "type": "error",
            "code": "NOTIFICATION_NOT_FOUND",
            "message": "notification not found",
        }


async def test_who_missed_more_than_a_thousand_is_reset(gateway: LiveGateway) -> None:
    gateway.inboxes.add(user_id=6, count=1002)
    async with gateway.socket(gateway.tokens.of(6)) as client:
        await client.resume(1)
        assert await client.hear() == {"type": "reset", "seq": 1002}
        gateway.inboxes.add(user_id=6)
        assert (await client.hear("notification"))["seq"] == 1003


async def test_what_the_stream_loses_is_fetched_when_the_gap_shows(gateway: LiveGateway) -> None:
    async with gateway.socket(gateway.tokens.of(7)) as client:
        await client.resume()
        gateway.service.silent = True
        gateway.inboxes.add(user_id=7, count=2)
        gateway.service.silent = False
        gateway.inboxes.add(user_id=7)
        assert [(await client.hear("notification"))["seq"] for _ in range(3)] == [1, 2, 3]


async def test_sockets_outlive_the_service_and_are_told_what_they_missed(
    gateway: LiveGateway,
) -> None:
    async with gateway.socket(gateway.tokens.of(8)) as client:
        await client.resume()
        await gateway.service.stop()
        gateway.inboxes.add(user_id=8, count=3)
        async with gateway.socket(gateway.tokens.of(8)) as late:
            await late.say(type="resume", after_seq=1)
            await gateway.service.start()
            assert [(await client.hear("notification"))["seq"] for _ in range(3)] == [1, 2, 3]
            assert (await late.hear("ready"))["seq"] == 3
            assert [(await late.hear("notification"))["seq"] for _ in range(2)] == [2, 3]
        gateway.inboxes.add(user_id=8)
        assert (await client.hear("notification"))["seq"] == 4


async def test_a_user_is_subscribed_once_for_all_devices(gateway: LiveGateway) -> None:
    def coming() -> int:
        return sum(9 in request.subscribe.user_ids for request in gateway.service.requests)

    def going() -> int:
        return sum(9 in request.unsubscribe.user_ids for request in gateway.service.requests)

    token = gateway.tokens.of(9)
    async with gateway.socket(token) as one, gateway.socket(token) as two:
        await one.resume()
        await two.resume()
        assert (coming(), going()) == (1, 0)
    await eventually(lambda: (coming(), going()) == (1, 1))


async def test_a_loss_that_no_gap_shows_is_found_by_asking_again() -> None:
    async with (
        live_gateway(quick(reconcile_seconds=0.5)) as gateway,
        gateway.socket() as client,
    ):
        await client.resume()
        gateway.service.silent = True
        gateway.inboxes.add()
        assert (await client.hear("notification"))["seq"] == 1


@pytest.mark.parametrize("count", [20])
async def test_many_sockets_hear_the_same_in_order(gateway: LiveGateway, count: int) -> None:
    async def follow(user_id: int) -> list[int]:
        async with gateway.socket(gateway.tokens.of(user_id)) as client:
            await client.resume(0)
            return [(await client.hear("notification"))["seq"] for _ in range(30)]

    users = range(100, 100 + count)
    following = [asyncio.create_task(follow(user_id)) for user_id in users]
    for _ in range(30):
        for user_id in users:
            gateway.inboxes.add(user_id=user_id)
        await asyncio.sleep(0)
    assert await asyncio.gather(*following) == [list(range(1, 31))] * count


async def test_connections_frames_and_delays_are_measured(gateway: LiveGateway) -> None:
    def sample(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, {"carrier": "websocket", **labels}) or 0.0

    await eventually(lambda: sample("pinstack_live_connections") == 0)
    resumed = sample("pinstack_live_resumed_total", outcome="caught_up")
    delivered = sample("pinstack_live_delivery_seconds_count")
    sent = sample("pinstack_live_frames_total", outcome="sent")
    gateway.inboxes.add(user_id=10)
    async with gateway.socket(gateway.tokens.of(10)) as client:
        await client.resume(0)
        await client.hear("notification")
        gateway.inboxes.add(user_id=10)
        await client.hear("notification")
        assert sample("pinstack_live_connections") == 1
        assert sample("pinstack_live_resumed_total", outcome="caught_up") == resumed + 1
        assert sample("pinstack_live_delivery_seconds_count") == delivered + 1
        assert sample("pinstack_live_frames_total", outcome="sent") == sent + 3
