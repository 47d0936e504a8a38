"""The channels to the services behind the gateway."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

import grpc
from google.protobuf.descriptor import FileDescriptor
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.relation.v1 import relation_pb2
from pinstack_proto.user.v1 import user_pb2
from service_kit.grpc_client import open_channel
from service_kit.health import Health

from api_gateway.adapters.grpc.readiness import serving
from api_gateway.config import Settings


@dataclass(frozen=True, slots=True)
class Peers:
    """A channel to each of the services behind the gateway."""

    users: grpc.aio.Channel
    auth: grpc.aio.Channel
    posts: grpc.aio.Channel
    relations: grpc.aio.Channel
    notifications: grpc.aio.Channel

    def by_service(self) -> dict[str, grpc.aio.Channel]:
        """The channels by the names of the services."""
        return {
            "user-service": self.users,
            "auth-service": self.auth,
            "post-service": self.posts,
            "relation-service": self.relations,
            "notification-service": self.notifications,
        }


async def open_peers(stack: AsyncExitStack, settings: Settings, health: Health) -> Peers:
    """The channels while `stack` lasts; each of the services has a say in readiness."""
    addresses = settings.peers

    async def opened(name: str, address: str, descriptor: FileDescriptor) -> grpc.aio.Channel:
        (service,) = descriptor.services_by_name.values()
        channel = await stack.enter_async_context(open_channel(address, service, settings.grpc))
        health.expect(name, serving(channel))
        return channel

    return Peers(
        await opened("user-service", addresses.user_grpc_address, user_pb2.DESCRIPTOR),
        await opened("auth-service", addresses.auth_grpc_address, auth_pb2.DESCRIPTOR),
        await opened("post-service", addresses.post_grpc_address, post_pb2.DESCRIPTOR),
        await opened("relation-service", addresses.relation_grpc_address, relation_pb2.DESCRIPTOR),
        await opened(
            "notification-service",
            addresses.notification_grpc_address,
            notification_pb2.DESCRIPTOR,
        ),
    )
