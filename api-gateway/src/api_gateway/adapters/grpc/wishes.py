"""What people want to be told, over gRPC from notification-service."""

import grpc
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit.timestamps import timestamp_from_pb

from api_gateway.domain.page import Page
from api_gateway.domain.wishes import Mute, Preferences, QuietHours, TypePreference


class GrpcWishes:
    """Preferences and mutes of notification-service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NotificationServiceStub(channel)

    async def preferences(self, user_id: int) -> Preferences:
        answer = await self._stub.GetPreferences(pb.GetPreferencesRequest(user_id=user_id))
        return preferences_from_pb(answer.preferences)

    async def replace(self, user_id: int, preferences: Preferences) -> Preferences:
        message = preferences_to_pb(preferences)
        request = pb.SetPreferencesRequest(user_id=user_id, preferences=message)
        answer = await self._stub.SetPreferences(request)
        return preferences_from_pb(answer.preferences)

    async def mute(self, user_id: int, author_id: int) -> None:
        await self._stub.MuteAuthor(pb.MuteAuthorRequest(user_id=user_id, author_id=author_id))

    async def unmute(self, user_id: int, author_id: int) -> None:
        await self._stub.UnmuteAuthor(pb.UnmuteAuthorRequest(user_id=user_id, author_id=author_id))

    async def mutes(self, user_id: int, limit: int, cursor: str) -> Page[Mute]:
        request = pb.ListMutesRequest(user_id=user_id, limit=limit, cursor=cursor)
        answer = await self._stub.ListMutes(request)
        mutes = (Mute(one.author_id, timestamp_from_pb(one.muted_at)) for one in answer.mutes)
        return Page(tuple(mutes), next_cursor=answer.next_cursor)


def preferences_from_pb(message: pb.Preferences) -> Preferences:
    """What somebody wants."""
    quiet = None
    if message.HasField("quiet_hours"):
        hours = message.quiet_hours
        quiet = QuietHours(hours.start, hours.end, hours.time_zone)
    types = (TypePreference(one.type, one.in_app, one.live) for one in message.types)
    return Preferences(tuple(types), quiet)


def preferences_to_pb(preferences: Preferences) -> pb.Preferences:
    """The inverse of `preferences_from_pb`."""
    message = pb.Preferences(
        types=[
            pb.Preferences.TypePreference(type=one.type, in_app=one.in_app, live=one.live)
            for one in preferences.types
        ]
    )
    if (quiet := preferences.quiet_hours) is not None:
        hours = pb.Preferences.QuietHours(
            start=quiet.start, end=quiet.end, time_zone=quiet.time_zone
        )
        message.quiet_hours.CopyFrom(hours)
    return message
