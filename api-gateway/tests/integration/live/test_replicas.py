"""Replicas of notification-service that come, go, and fall silent."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Set
from contextlib import asynccontextmanager, suppress

import pytest
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit.backoff import Delays
from service_kit.config import GrpcSettings
from service_kit.grpc_client import open_channel
from service_kit.testing import eventually

from api_gateway.adapters.grpc.notification_replicas import NotificationReplicas
from api_gateway.adapters.grpc.notification_stream import SERVICE, NotificationStream
from api_gateway.application.live.inbox import Delivered, Happening, Subscribed
from api_gateway.application.live.ports import Source
from tests.fakes.live import InMemoryInboxes
from tests.fakes.notification_service import NotificationServiceOfTest


class Ears:
    """Hears everything."""

    def __init__(self, user_ids: Iterable[int] = (1,)) -> None:
        self.users = list(user_ids)
        self.heard: list[Happening] = []
        self.losses = 0

    def user_ids(self) -> Iterable[int]:
        return self.users

    def happened(self, source: Source, what: Happening) -> None:
        self.heard.append(what)

    def lost(self, source: Source) -> None:
        self.losses += 1

    def count(self, kind: type[Happening]) -> int:
        return sum(isinstance(what, kind) for what in self.heard)


class Names:
    """A name service of one name."""

    def __init__(self, *addresses: str) -> None:
        self.addresses: Set[str] = set(addresses)
        self.away = False

    async def resolve(self, name: str) -> Set[str]:
        assert name == "notification:50055"
        if self.away:
            raise OSError("no name service")
        return self.addresses


@asynccontextmanager
async def replicas(number: int) -> AsyncIterator[list[NotificationServiceOfTest]]:
    running = [NotificationServiceOfTest(InMemoryInboxes()) for _ in range(number)]
    for one in running:
        await one.start()
    yield running
    for one in running:
        await one.stop()


@asynccontextmanager
async def listening(source: Source, ears: Ears) -> AsyncIterator[None]:
    task = asyncio.create_task(source.run(ears))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def replicas_behind(names: Names) -> NotificationReplicas:
    settings = GrpcSettings()
    return NotificationReplicas(
        "notification:50055",
        lambda address: open_channel(address, SERVICE, settings),
        names.resolve,
        resolve_seconds=0.02,
    )


@asynccontextmanager
async def stream_to(
    service: NotificationServiceOfTest, silence_seconds: float = 60.0
) -> AsyncIterator[NotificationStream]:
    async with open_channel(service.address, SERVICE, GrpcSettings()) as channel:
        yield NotificationStream(
            NotificationServiceStub(channel),
            service.address,
            Delays(first=0.01, longest=0.05),
            silence_seconds,
        )


async def test_every_replica_is_heard() -> None:
    async with replicas(2) as (one, two):
        source, ears = replicas_behind(Names(one.address, two.address)), Ears()
        async with listening(source, ears):
            await eventually(lambda: ears.count(Subscribed) == 2)
            one.inboxes.add()
            two.inboxes.add()
            await eventually(lambda: ears.count(Delivered) == 2)


async def test_new_users_are_subscribed_everywhere_and_confirmed_at_one() -> None:
    async with replicas(2) as (one, two):
        source, ears = replicas_behind(Names(one.address, two.address)), Ears([])
        async with listening(source, ears):
            await eventually(lambda: one.streams == two.streams == 1)
            source.subscribe([5, 6])
            await eventually(lambda: ears.count(Subscribed) == 4)
            source.confirm([5])
            await eventually(lambda: ears.count(Subscribed) == 5)
            source.unsubscribe([5])
            await eventually(lambda: [5] in _gone(one) and [5] in _gone(two))


async def test_replicas_that_come_and_go_are_followed() -> None:
    async with replicas(2) as (one, two):
        names, ears = Names(one.address), Ears()
        async with listening(replicas_behind(names), ears):
            await eventually(lambda: one.streams == 1)
            names.addresses = {two.address}
            await eventually(lambda: (one.streams, two.streams) == (0, 1))
            assert ears.losses == 1


async def test_replicas_stay_while_the_name_service_is_away() -> None:
    async with replicas(1) as (one,):
        names, ears = Names(one.address), Ears()
        async with listening(replicas_behind(names), ears):
            await eventually(lambda: one.streams == 1)
            names.away = True
            one.inboxes.add()
            await eventually(lambda: ears.count(Delivered) == 1)


async def test_a_stream_that_breaks_is_opened_again_with_all_users() -> None:
    ears = Ears(range(1, 1202))
    async with replicas(1) as (service,), stream_to(service) as stream, listening(stream, ears):
        await eventually(lambda: ears.count(Subscribed) == 1201)
        await service.stop()
        await eventually(lambda: ears.losses)
        ears.heard.clear()
        await service.start()
        await eventually(lambda: ears.count(Subscribed) == 1201)


@pytest.mark.parametrize("silence", [0.1])
async def test_a_stream_that_falls_silent_is_opened_again(silence: float) -> None:
    ears = Ears()
    async with (
        replicas(1) as (service,),
        stream_to(service, silence) as stream,
        listening(stream, ears),
    ):
        await eventually(lambda: ears.losses >= 2 and ears.count(Subscribed) >= 2)


def _gone(service: NotificationServiceOfTest) -> list[list[int]]:
    return [list(request.unsubscribe.user_ids) for request in service.requests]
