"""The part of notification.v1 that is about what people want to be told."""

from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceServicer
from service_kit import pages
from service_kit.grpc_server import Context
from service_kit.timestamps import timestamp_to_pb

from notification_service.application.wishes import Wishes
from notification_service.domain.errors import FieldViolation, InvalidNotification
from notification_service.domain.facts import FOLLOW_CREATED, POST_CREATED
from notification_service.domain.preferences import Preferences, QuietHours, time_of_day

_PLATFORMS_OWN = (FOLLOW_CREATED, POST_CREATED)


class WishesServicer(NotificationServiceServicer):
    """Preferences and mutes, for whoever calls by gRPC."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes

    async def GetPreferences(
        self, request: notification_pb2.GetPreferencesRequest, context: Context
    ) -> notification_pb2.GetPreferencesResponse:
        found = await self._wishes.preferences(request.user_id)
        return notification_pb2.GetPreferencesResponse(preferences=preferences_to_pb(found))

    async def SetPreferences(
        self, request: notification_pb2.SetPreferencesRequest, context: Context
    ) -> notification_pb2.SetPreferencesResponse:
        wanted = preferences_from_pb(request.user_id, request.preferences)
        kept = await self._wishes.replace(wanted)
        return notification_pb2.SetPreferencesResponse(preferences=preferences_to_pb(kept))

    async def MuteAuthor(
        self, request: notification_pb2.MuteAuthorRequest, context: Context
    ) -> notification_pb2.MuteAuthorResponse:
        await self._wishes.mute(request.user_id, request.author_id)
        return notification_pb2.MuteAuthorResponse()

    async def UnmuteAuthor(
        self, request: notification_pb2.UnmuteAuthorRequest, context: Context
    ) -> notification_pb2.UnmuteAuthorResponse:
        await self._wishes.unmute(request.user_id, request.author_id)
        return notification_pb2.UnmuteAuthorResponse()

    async def ListMutes(
        self, request: notification_pb2.ListMutesRequest, context: Context
    ) -> notification_pb2.ListMutesResponse:
        limit = pages.checked_limit(request.limit)
        (after_id,) = pages.decode_cursor(request.cursor, 1) if request.cursor else (0,)
        found = await self._wishes.mutes(request.user_id, after_id, limit + 1)
        pb = notification_pb2.ListMutesResponse
        shown = found[:limit]
        return pb(
            mutes=[
                pb.Mute(author_id=one.author_id, muted_at=timestamp_to_pb(one.muted_at))
                for one in shown
            ],
            next_cursor=pages.encode_cursor(shown[-1].author_id) if len(found) > limit else "",
        )


def preferences_from_pb(user_id: int, message: notification_pb2.Preferences) -> Preferences:
    """What a person wants, from a message. Raises `InvalidNotification`."""
    types = [one.type for one in message.types]
    if len(set(types)) < len(types):
        raise InvalidNotification(violations=[FieldViolation("types", "must differ")])
    quiet = None
    if message.HasField("quiet_hours"):
        hours = message.quiet_hours
        quiet = QuietHours(
            time_of_day("quiet_hours.start", hours.start),
            time_of_day("quiet_hours.end", hours.end),
            hours.time_zone,
        )
    return Preferences(
        user_id,
        frozenset(one.type for one in message.types if not one.in_app),
        frozenset(one.type for one in message.types if not one.live),
        quiet,
    )


def preferences_to_pb(preferences: Preferences) -> notification_pb2.Preferences:
    """What a person wants, as a message: the platform's own types, and others that are off."""
    pb = notification_pb2.Preferences
    off = preferences.in_app_off | preferences.live_off
    types = [*_PLATFORMS_OWN, *sorted(off - set(_PLATFORMS_OWN))]
    message = pb(
        types=[
            pb.TypePreference(
                type=one,
                in_app=one not in preferences.in_app_off,
                live=one not in preferences.live_off,
            )
            for one in types
        ]
    )
    if (quiet := preferences.quiet_hours) is not None:
        message.quiet_hours.start = quiet.start.isoformat("minutes")
        message.quiet_hours.end = quiet.end.isoformat("minutes")
        message.quiet_hours.time_zone = quiet.time_zone
    return message
