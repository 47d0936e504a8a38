"""The running service: every RPC with its success and its errors."""

from collections.abc import AsyncIterator

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit import errors
from service_kit.runtime import Running


async def create(stub: UserServiceStub, username: str, **fields: str) -> user_pb2.User:
    fields.setdefault("email", f"{username}@example.com")
    return await stub.CreateUser(user_pb2.CreateUserRequest(username=username, **fields))


def fields_of(caught: pytest.ExceptionInfo[errors.AppError]) -> list[str]:
    return [violation.field for violation in caught.value.violations]


async def test_a_user_is_created_and_found_by_each_of_its_names(stub: UserServiceStub) -> None:
    ann = await create(stub, "Ann", email="Ann@Example.com", full_name="Ann Example", bio="Writes.")
    assert (ann.username, ann.email, ann.full_name, ann.bio) == (
        "Ann",
        "Ann@Example.com",
        "Ann Example",
        "Writes.",
    )
    assert not ann.HasField("avatar_url")
    assert ann.created_at == ann.updated_at
    assert await stub.GetUser(user_pb2.GetUserRequest(id=ann.id)) == ann
    by_name = user_pb2.GetUserByUsernameRequest(username="aNN")
    assert await stub.GetUserByUsername(by_name) == ann
    by_email = user_pb2.GetUserByEmailRequest(email="ann@example.com")
    assert await stub.GetUserByEmail(by_email) == ann


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (user_pb2.CreateUserRequest(username="a", email="b"), ["username", "email"]),
        (
            user_pb2.CreateUserRequest(
                username="abc", email="a@b.c", full_name="\0", bio="x" * 501, avatar_url="ftp://x"
            ),
            ["full_name", "bio", "avatar_url"],
        ),
        (
            user_pb2.CreateUserRequest(username="abc", email="a@b.c", idempotency_key="a\0b"),
            ["idempotency_key"],
        ),
    ],
)
async def test_a_user_that_breaks_rules_is_refused_with_each_of_them(
    stub: UserServiceStub, request_: user_pb2.CreateUserRequest, fields: list[str]
) -> None:
    with pytest.raises(errors.InvalidArgument, match="validation failed") as caught:
        await stub.CreateUser(request_)
    assert fields_of(caught) == fields


async def test_a_name_or_an_email_that_is_taken_is_refused(stub: UserServiceStub) -> None:
    await create(stub, "taken")
    with pytest.raises(errors.AlreadyExists, match="username already exists") as caught:
        await create(stub, "TAKEN", email="free@example.com")
    assert caught.value.code == "USERNAME_TAKEN"
    with pytest.raises(errors.AlreadyExists, match="email already exists") as caught:
        await create(stub, "free", email="Taken@Example.com")
    assert caught.value.code == "EMAIL_TAKEN"


async def test_an_idempotency_key_makes_one_user(stub: UserServiceStub) -> None:
    first = await create(stub, "once", idempotency_key="key")
    assert await create(stub, "once", idempotency_key="key") == first


async def test_a_user_who_does_not_exist_is_not_found(stub: UserServiceStub) -> None:
    calls = (
        stub.GetUser(user_pb2.GetUserRequest(id=10**9)),
        stub.GetUser(user_pb2.GetUserRequest(id=-1)),
        stub.GetUserByUsername(user_pb2.GetUserByUsernameRequest(username="nobody")),
        stub.GetUserByUsername(user_pb2.GetUserByUsernameRequest(username="a\0b")),
        stub.GetUserByEmail(user_pb2.GetUserByEmailRequest(email="nobody@example.com")),
        stub.GetUserByEmail(user_pb2.GetUserByEmailRequest(email="")),
        stub.GetUserByEmail(user_pb2.GetUserByEmailRequest(email="a\0b")),
        stub.UpdateUser(user_pb2.UpdateUserRequest(id=10**9, bio="x")),
        stub.UpdateAvatar(user_pb2.UpdateAvatarRequest(id=10**9, avatar_url="http://a.b")),
        stub.DeleteUser(user_pb2.DeleteUserRequest(id=10**9)),
    )
    for call in calls:
        with pytest.raises(errors.NotFound, match="user not found") as caught:
            await call
        assert caught.value.code == "USER_NOT_FOUND"


async def test_an_update_replaces_what_is_present_and_is_read_back_at_once(
    stub: UserServiceStub,
) -> None:
    made = await create(stub, "update", full_name="Old", bio="Old.")
    assert await stub.GetUser(user_pb2.GetUserRequest(id=made.id)) == made
    request = user_pb2.UpdateUserRequest(id=made.id, full_name="New", bio="", caller_id=made.id)
    updated = await stub.UpdateUser(request)
    assert (updated.username, updated.full_name) == ("update", "New")
    assert not updated.HasField("bio")
    assert await stub.GetUser(user_pb2.GetUserRequest(id=made.id)) == updated


async def test_an_update_that_can_not_be_says_why(stub: UserServiceStub) -> None:
    made = await create(stub, "refused")
    await create(stub, "another")
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.UpdateUser(user_pb2.UpdateUserRequest(id=made.id, username="", bio="\n"))
    assert fields_of(caught) == ["username", "bio"]
    with pytest.raises(errors.AlreadyExists, match="username already exists"):
        await stub.UpdateUser(user_pb2.UpdateUserRequest(id=made.id, username="ANOTHER"))
    with pytest.raises(errors.AlreadyExists, match="email already exists"):
        await stub.UpdateUser(user_pb2.UpdateUserRequest(id=made.id, email="another@example.com"))


async def test_a_change_based_on_what_is_no_more_is_refused(stub: UserServiceStub) -> None:
    made = await create(stub, "stale")
    update = user_pb2.UpdateUserRequest(id=made.id, bio="x", expected_updated_at=made.updated_at)
    now = (await stub.UpdateUser(update)).updated_at
    address = "https://example.com/a.png"
    for call in (
        stub.UpdateUser(update),
        stub.UpdateAvatar(
            user_pb2.UpdateAvatarRequest(
                id=made.id, avatar_url=address, expected_updated_at=made.updated_at
            )
        ),
        stub.DeleteUser(
            user_pb2.DeleteUserRequest(id=made.id, expected_updated_at=made.updated_at)
        ),
    ):
        with pytest.raises(errors.FailedPrecondition, match="precondition failed") as caught:
            await call
        assert caught.value.code == "PRECONDITION_FAILED"
    await stub.DeleteUser(user_pb2.DeleteUserRequest(id=made.id, expected_updated_at=now))


async def test_a_version_that_is_no_moment_is_refused(stub: UserServiceStub) -> None:
    never = Timestamp(seconds=2**60)
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.DeleteUser(user_pb2.DeleteUserRequest(id=1, expected_updated_at=never))
    assert fields_of(caught) == ["expected_updated_at"]


async def test_an_avatar_is_replaced_and_checked(stub: UserServiceStub) -> None:
    made = await create(stub, "avatar")
    request = user_pb2.UpdateAvatarRequest(id=made.id, avatar_url="https://example.com/a.png")
    await stub.UpdateAvatar(request)
    found = await stub.GetUser(user_pb2.GetUserRequest(id=made.id))
    assert found.avatar_url == "https://example.com/a.png"
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.UpdateAvatar(user_pb2.UpdateAvatarRequest(id=made.id, avatar_url="javascript:x"))
    assert fields_of(caught) == ["avatar_url"]


async def test_a_caller_changes_and_deletes_nobody_else(stub: UserServiceStub) -> None:
    made = await create(stub, "owned")
    for caller in (made.id + 1, 0):
        calls = (
            stub.UpdateUser(user_pb2.UpdateUserRequest(id=made.id, bio="x", caller_id=caller)),
            stub.UpdateAvatar(
                user_pb2.UpdateAvatarRequest(id=made.id, avatar_url="http://a.b", caller_id=caller)
            ),
            stub.DeleteUser(user_pb2.DeleteUserRequest(id=made.id, caller_id=caller)),
        )
        for call in calls:
            with pytest.raises(errors.PermissionDenied, match="forbidden"):
                await call
    assert await stub.GetUser(user_pb2.GetUserRequest(id=made.id)) == made


async def test_a_deleted_user_is_gone_from_every_read(stub: UserServiceStub) -> None:
    made = await create(stub, "deleted")
    assert await stub.GetUser(user_pb2.GetUserRequest(id=made.id)) == made
    await stub.DeleteUser(user_pb2.DeleteUserRequest(id=made.id, caller_id=made.id))
    with pytest.raises(errors.NotFound):
        await stub.GetUser(user_pb2.GetUserRequest(id=made.id))
    assert not (await stub.BatchGetUsers(user_pb2.BatchGetUsersRequest(ids=[made.id]))).users
    with pytest.raises(errors.NotFound):
        await stub.GetUserByUsername(user_pb2.GetUserByUsernameRequest(username="deleted"))
    with pytest.raises(errors.NotFound):
        await stub.DeleteUser(user_pb2.DeleteUserRequest(id=made.id))


async def test_a_search_shows_matches_and_how_many_there_are(stub: UserServiceStub) -> None:
    made = [await create(stub, f"needle{number}") for number in range(3)]
    request = user_pb2.SearchUsersRequest(query="NEEDLE", offset=1, limit=1)
    answer = await stub.SearchUsers(request)
    assert (list(answer.users), answer.total, answer.total_is_estimate) == ([made[1]], 3, False)
    by_email = user_pb2.SearchUsersRequest(query="needle2@", include_email=True)
    assert list((await stub.SearchUsers(by_email)).users) == [made[2]]
    by_email.include_email = False
    assert not (await stub.SearchUsers(by_email)).users


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (user_pb2.SearchUsersRequest(), "INVALID_SEARCH_QUERY"),
        (user_pb2.SearchUsersRequest(query="a\0"), "INVALID_SEARCH_QUERY"),
        (user_pb2.SearchUsersRequest(query="a", limit=101), "VALIDATION_FAILED"),
        (user_pb2.SearchUsersRequest(query="a", offset=-1), "VALIDATION_FAILED"),
        (user_pb2.SearchUsersRequest(query="a", offset=100_001), "VALIDATION_FAILED"),
    ],
)
async def test_a_search_that_can_not_be_says_why(
    stub: UserServiceStub, request_: user_pb2.SearchUsersRequest, code: str
) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.SearchUsers(request_)
    assert caught.value.code == code


async def test_passwords_are_not_kept_here(service: Running) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await UserServiceStub(channel).UpdatePassword(user_pb2.UpdatePasswordRequest(id=1))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_batch_gives_the_users_who_exist(stub: UserServiceStub) -> None:
    made = [await create(stub, f"batch{number}") for number in range(3)]
    ids = [made[2].id, 10**9, made[0].id, made[2].id]
    for _ in range(2):
        answer = await stub.BatchGetUsers(user_pb2.BatchGetUsersRequest(ids=ids))
        assert sorted(answer.users, key=lambda user: user.id) == [made[0], made[2]]
    assert not (await stub.BatchGetUsers(user_pb2.BatchGetUsersRequest())).users
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.BatchGetUsers(user_pb2.BatchGetUsersRequest(ids=range(1, 1002)))
    assert fields_of(caught) == ["ids"]


async def test_all_users_are_listed_to_the_end(stub: UserServiceStub) -> None:
    made = [await create(stub, f"listed{number}") for number in range(3)]
    seen = [user async for user in everybody(stub)]
    assert [user for user in seen if user.username.startswith("listed")] == made
    assert [user.id for user in seen] == sorted(user.id for user in seen)
    whole = await stub.ListUsers(user_pb2.ListUsersRequest(limit=len(seen)))
    assert (list(whole.users), whole.total, whole.next_cursor) == (seen, len(seen), "")


async def everybody(stub: UserServiceStub) -> AsyncIterator[user_pb2.User]:
    """All users, two a page."""
    request = user_pb2.ListUsersRequest(limit=2)
    while True:
        page = await stub.ListUsers(request)
        for user in page.users:
            yield user
        if not page.next_cursor:
            return
        request.cursor = page.next_cursor


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (user_pb2.ListUsersRequest(limit=101), "VALIDATION_FAILED"),
        (user_pb2.ListUsersRequest(limit=-1), "VALIDATION_FAILED"),
        (user_pb2.ListUsersRequest(cursor="no cursor"), "INVALID_CURSOR"),
    ],
)
async def test_a_list_that_can_not_be_says_why(
    stub: UserServiceStub, request_: user_pb2.ListUsersRequest, code: str
) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.ListUsers(request_)
    assert caught.value.code == code


async def test_the_service_says_what_it_depends_on(service: Running) -> None:
    report = await service.health.report()
    assert report["dependencies"] == {"postgres": "ok", "redis": "ok", "startup": "starting"}


async def test_changed_and_deleted_profiles_are_listed_since_a_cursor(
    stub: UserServiceStub,
) -> None:
    ann, bob = [await create(stub, name) for name in ("changing", "leaving")]
    begun = await stub.ListUserChanges(user_pb2.ListUserChangesRequest())
    assert not begun.user_ids
    await stub.UpdateUser(user_pb2.UpdateUserRequest(id=ann.id, bio="Writes more."))
    await stub.UpdateAvatar(user_pb2.UpdateAvatarRequest(id=ann.id, avatar_url="https://e.org/a"))
    await stub.DeleteUser(user_pb2.DeleteUserRequest(id=bob.id))
    found = await stub.ListUserChanges(user_pb2.ListUserChangesRequest(cursor=begun.cursor))
    assert (sorted(found.user_ids), found.is_reset) == ([ann.id, bob.id], False)
    again = await stub.ListUserChanges(user_pb2.ListUserChangesRequest(cursor=found.cursor))
    assert not again.user_ids
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.ListUserChanges(user_pb2.ListUserChangesRequest(cursor="yesterday"))
    assert fields_of(caught) == ["cursor"]
