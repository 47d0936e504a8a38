"""The replicas of notification-service behind a name: each tells only what it committed itself."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable, Iterable, Set
from contextlib import AbstractAsyncContextManager

import grpc
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit import logs
from service_kit.config import GrpcSettings
from service_kit.grpc_client import open_channel

from api_gateway.adapters.grpc.notification_stream import SERVICE, NotificationStream
from api_gateway.application.live.ports import Listener

Resolve = Callable[[str], Awaitable[Set[str]]]
"""From `host:port` to the addresses, in the same form, of all that serve there."""

Open = Callable[[str], AbstractAsyncContextManager[grpc.aio.Channel]]

_RESOLVE_SECONDS = 10.0


class NotificationReplicas:
    """All replicas behind one address; those that come and go are followed by their DNS records.

    A name in front of which a load balancer stands has one record: then only the replica that it
    chose is heard live, and of the others what `confirm` brings to light.
    """

    def __init__(
        self,
        address: str,
        open_to: Open,
        resolve: Resolve,
        resolve_seconds: float = _RESOLVE_SECONDS,
    ) -> None:
        self._address = address
        self._open = open_to
        self._resolve = resolve
        self._resolve_seconds = resolve_seconds
        self._streams: dict[str, NotificationStream] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def subscribe(self, user_ids: Iterable[int]) -> None:
        """Want to hear of them, from every replica."""
        wanted = list(user_ids)
        for stream in self._streams.values():
            stream.subscribe(wanted)

    def unsubscribe(self, user_ids: Iterable[int]) -> None:
        """Want no longer to hear of them."""
        unwanted = list(user_ids)
        for stream in self._streams.values():
            stream.unsubscribe(unwanted)

    def confirm(self, user_ids: Iterable[int]) -> None:
        """Want `Subscribed` again; one replica knows as well as any."""
        if self._streams:
            random.choice(list(self._streams.values())).subscribe(user_ids)  # noqa: S311

    async def run(self, listener: Listener) -> None:
        """Tell `listener` what happens, for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._follow(listener, tasks)
                await asyncio.sleep(self._resolve_seconds)

    async def _follow(self, listener: Listener, tasks: asyncio.TaskGroup) -> None:
        """Hear those that are there now; while the name can't be resolved, those that were."""
        try:
            found = await self._resolve(self._address)
        except OSError as error:
            logs.get(__name__).warning(
                "name not resolved", address=self._address, reason=str(error)
            )
            return
        for address in self._tasks.keys() - found:
            self._tasks.pop(address).cancel()
            if (stream := self._streams.pop(address, None)) is not None:
                listener.lost(stream)
        for address in sorted(found - self._tasks.keys()):
            channel = self._open(address)
            self._tasks[address] = tasks.create_task(self._hear(address, channel, listener))

    async def _hear(
        self,
        address: str,
        opening: AbstractAsyncContextManager[grpc.aio.Channel],
        listener: Listener,
    ) -> None:
        async with opening as channel:
            stream = NotificationStream(NotificationServiceStub(channel), address)
            self._streams[address] = stream
            await stream.run(listener)


def notification_sources(addresses: str, settings: GrpcSettings) -> list[NotificationReplicas]:
    """One source for every address (`host:port`, separated by commas).

    With TLS a name is not resolved here: certificates are made out to names.
    """
    resolve = _as_it_is if settings.tls_cert else _resolved
    return [
        NotificationReplicas(
            address.strip(), lambda found: open_channel(found, SERVICE, settings), resolve
        )
        for address in addresses.split(",")
    ]


async def _as_it_is(address: str) -> Set[str]:
    return {address}


async def _resolved(address: str) -> Set[str]:
    """Every IPv4 address of a name; where there is none, every IPv6 one. Raises OSError."""
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    four = {f"{one[4][0]}:{port}" for one in found if one[0] == socket.AF_INET}
    six = {f"[{one[4][0]}]:{port}" for one in found if one[0] == socket.AF_INET6}
    return four or six
