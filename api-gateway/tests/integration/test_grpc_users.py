"""The client of user-service, against one in this process."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from google.protobuf import empty_pb2
from pinstack_proto.user.v1 import user_pb2
from service_kit.errors import AlreadyExists, NotFound, Unavailable
from service_kit.timestamps import timestamp_to_pb

from api_gateway.adapters.grpc.users import GrpcUsers
from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.user import ProfileChange, UserView
from tests.fakes.upstream import Upstream, upstream

SERVICE = user_pb2.DESCRIPTOR.services_by_name["UserService"]
AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
ADA = user_pb2.User(
    id=1,
    username="ada",
    email="ada@example.org",
    bio="",
    created_at=timestamp_to_pb(AT),
    updated_at=timestamp_to_pb(AT),
)
ADA_VIEW = UserView(1, "ada", "ada@example.org", AT, AT, None, "", None)


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with upstream(SERVICE) as there:
        yield there


async def test_reads_of_one_moment_are_one_call(service: Upstream) -> None:
    service.answers["BatchGetUsers"] = user_pb2.BatchGetUsersResponse(users=[ADA])
    users = GrpcUsers(service.channel)
    found = list(await asyncio.gather(*(users.get(number) for number in (1, 2, 1))))
    assert found == [ADA_VIEW, None, ADA_VIEW]
    asked = service.asked("BatchGetUsers")
    assert isinstance(asked, user_pb2.BatchGetUsersRequest)
    assert sorted(asked.ids) == [1, 2]


async def test_many_are_one_call(service: Upstream) -> None:
    service.answers["BatchGetUsers"] = user_pb2.BatchGetUsersResponse(users=[ADA])
    assert await GrpcUsers(service.channel).get_many([1, 3, 1]) == {1: ADA_VIEW}
    asked = service.asked("BatchGetUsers")
    assert isinstance(asked, user_pb2.BatchGetUsersRequest)
    assert sorted(asked.ids) == [1, 3]


async def test_one_is_found_by_name_and_email_or_not_at_all(service: Upstream) -> None:
    service.answers["GetUserByUsername"] = ADA
    service.answers["GetUserByEmail"] = NotFound("user not found", code="USER_NOT_FOUND")
    users = GrpcUsers(service.channel)
    assert await users.by_username("ada") == ADA_VIEW
    assert await users.by_email("x@example.org") is None


async def test_a_failure_is_not_taken_for_nobody(service: Upstream) -> None:
    service.answers["GetUserByUsername"] = Unavailable()
    with pytest.raises(Unavailable):
        await GrpcUsers(service.channel).by_username("ada")


async def test_a_page_by_cursor_is_one_call(service: Upstream) -> None:
    service.answers["ListUsers"] = user_pb2.ListUsersResponse(
        users=[ADA], next_cursor="n", total=7, total_is_estimate=True
    )
    page = await GrpcUsers(service.channel).page(PageRequest(limit=5, cursor="c"))
    assert page == Page((ADA_VIEW,), 7, "n", True)
    assert service.asked("ListUsers") == user_pb2.ListUsersRequest(cursor="c", limit=5)


async def test_a_page_by_number_skips_what_is_before_it(service: Upstream) -> None:
    service.answers["ListUsers"] = user_pb2.ListUsersResponse(
        users=[ADA], next_cursor="n", total=500
    )
    await GrpcUsers(service.channel).page(PageRequest(page=3, limit=60))
    assert service.requests["ListUsers"] == [
        user_pb2.ListUsersRequest(cursor="", limit=100),
        user_pb2.ListUsersRequest(cursor="n", limit=20),
        user_pb2.ListUsersRequest(cursor="n", limit=60),
    ]


async def test_a_page_beyond_the_end_is_empty_and_costs_no_more_than_the_list(
    service: Upstream,
) -> None:
    service.answers["ListUsers"] = user_pb2.ListUsersResponse(users=[ADA], total=1)
    page = await GrpcUsers(service.channel).page(PageRequest(page=2**31 - 1, limit=100))
    assert page == Page((), 1)
    assert len(service.requests["ListUsers"]) == 1


async def test_pages_by_number_are_bounded(service: Upstream) -> None:
    service.answers["ListUsers"] = user_pb2.ListUsersResponse(users=[ADA], next_cursor="n", total=9)
    page = await GrpcUsers(service.channel).page(PageRequest(page=2**31 - 1, limit=100))
    assert page.items == ()
    assert len(service.requests["ListUsers"]) == 1


async def test_a_search_says_whether_emails_count(service: Upstream) -> None:
    service.answers["SearchUsers"] = user_pb2.SearchUsersResponse(users=[ADA], total=1)
    users = GrpcUsers(service.channel)
    page = await users.search("%_", PageRequest(page=3, limit=10), include_email=True)
    assert page == Page((ADA_VIEW,), 1)
    assert service.asked("SearchUsers") == user_pb2.SearchUsersRequest(
        query="%_", offset=20, limit=10, include_email=True
    )


async def test_a_change_names_its_caller_and_only_what_changes(service: Upstream) -> None:
    service.answers["UpdateUser"] = ADA
    change = ProfileChange(full_name="Ada King", bio="")
    assert await GrpcUsers(service.channel).update(1, 1, change) == ADA_VIEW
    assert service.asked("UpdateUser") == user_pb2.UpdateUserRequest(
        id=1, caller_id=1, full_name="Ada King", bio=""
    )


async def test_a_refusal_keeps_its_kind_code_and_message(service: Upstream) -> None:
    service.answers["UpdateUser"] = AlreadyExists("email already exists", code="EMAIL_TAKEN")
    with pytest.raises(AlreadyExists) as refusal:
        await GrpcUsers(service.channel).update(1, 1, ProfileChange(email="b@example.org"))
    assert (refusal.value.code, refusal.value.message) == ("EMAIL_TAKEN", "email already exists")


async def test_avatars_and_deletions_name_their_caller(service: Upstream) -> None:
    service.answers = {"UpdateAvatar": empty_pb2.Empty(), "DeleteUser": empty_pb2.Empty()}
    users = GrpcUsers(service.channel)
    await users.update_avatar(1, 1, "https://example.org/a")
    await users.delete(1, 1)
    assert service.asked("UpdateAvatar") == user_pb2.UpdateAvatarRequest(
        id=1, caller_id=1, avatar_url="https://example.org/a"
    )
    assert service.asked("DeleteUser") == user_pb2.DeleteUserRequest(id=1, caller_id=1)


async def test_a_change_names_the_version_that_it_is_based_on(service: Upstream) -> None:
    empty = empty_pb2.Empty()
    service.answers = {"UpdateUser": ADA, "UpdateAvatar": empty, "DeleteUser": empty}
    users, at = GrpcUsers(service.channel), ADA_VIEW.updated_at
    await users.update(1, 1, ProfileChange(bio="x"), at)
    await users.update_avatar(1, 1, "https://example.org/a", at)
    await users.delete(1, 1, at)
    for method in service.answers:
        assert service.asked(method).expected_updated_at == ADA.updated_at  # type: ignore[attr-defined] # of all
