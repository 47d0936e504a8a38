"""Preferences and mutes over gRPC, against a service in this process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pinstack_proto.notification.v1 import notification_pb2 as pb
from service_kit.timestamps import timestamp_to_pb

from api_gateway.adapters.grpc.wishes import GrpcWishes, preferences_to_pb
from api_gateway.domain.wishes import Mute, Preferences, QuietHours, TypePreference
from tests.fakes.upstream import Upstream, upstream

SERVICE = pb.DESCRIPTOR.services_by_name["NotificationService"]
AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
WANTED = Preferences(
    (TypePreference("a", in_app=False, live=True), TypePreference("b", in_app=True, live=False)),
    QuietHours("22:00", "07:00", "Europe/Berlin"),
)


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with upstream(SERVICE) as there:
        yield there


@pytest.mark.parametrize("wanted", [WANTED, Preferences()])
async def test_what_is_wanted_goes_and_comes_whole(service: Upstream, wanted: Preferences) -> None:
    message = preferences_to_pb(wanted)
    service.answers["SetPreferences"] = pb.SetPreferencesResponse(preferences=message)
    service.answers["GetPreferences"] = pb.GetPreferencesResponse(preferences=message)
    assert await GrpcWishes(service.channel).replace(1, wanted) == wanted
    assert await GrpcWishes(service.channel).preferences(1) == wanted
    assert service.asked("SetPreferences") == (
        pb.SetPreferencesRequest(user_id=1, preferences=message)
    )
    assert service.asked("GetPreferences") == pb.GetPreferencesRequest(user_id=1)


async def test_mutes_name_both(service: Upstream) -> None:
    service.answers["MuteAuthor"] = pb.MuteAuthorResponse()
    service.answers["UnmuteAuthor"] = pb.UnmuteAuthorResponse()
    await GrpcWishes(service.channel).mute(1, 2)
    await GrpcWishes(service.channel).unmute(1, 3)
    assert service.asked("MuteAuthor") == pb.MuteAuthorRequest(user_id=1, author_id=2)
    assert service.asked("UnmuteAuthor") == pb.UnmuteAuthorRequest(user_id=1, author_id=3)


async def test_a_page_of_mutes_says_where_it_goes_on(service: Upstream) -> None:
    mute = pb.ListMutesResponse.Mute(author_id=2, muted_at=timestamp_to_pb(AT))
    service.answers["ListMutes"] = pb.ListMutesResponse(mutes=[mute], next_cursor="on")
    page = await GrpcWishes(service.channel).mutes(1, 5, "here")
    assert (page.items, page.next_cursor, page.total) == ((Mute(2, AT),), "on", None)
    assert service.asked("ListMutes") == pb.ListMutesRequest(user_id=1, limit=5, cursor="here")
