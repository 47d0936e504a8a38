"""Between the contract and the domain."""

from dataclasses import replace

import pytest
from pinstack_proto.events.v1 import user_events_pb2
from pinstack_proto.user.v1 import user_pb2
from service_kit.timestamps import timestamp_to_pb

from tests.builders import NOW, a_user
from user_service.adapters.event_records import event_to_record
from user_service.adapters.grpc_servicer import (
    change_from_pb,
    list_to_pb,
    new_user_from_pb,
    user_to_pb,
)
from user_service.domain.events import Event, UserCreated, UserDeleted, UserUpdated
from user_service.domain.models import NewUser, ProfileChange, UserPage


def test_a_user_keeps_every_field() -> None:
    assert user_to_pb(a_user()) == user_pb2.User(
        id=1,
        username="ann",
        email="ann@example.com",
        full_name="Ann Example",
        bio="Writes.",
        avatar_url="https://example.com/ann.png",
        created_at=timestamp_to_pb(NOW),
        updated_at=timestamp_to_pb(NOW),
    )


def test_texts_that_are_not_set_are_absent() -> None:
    message = user_to_pb(replace(a_user(), full_name=None, bio=None, avatar_url=None))
    assert not any(message.HasField(name) for name in ("full_name", "bio", "avatar_url"))


def test_empty_texts_of_a_new_user_are_none_and_its_password_is_ignored() -> None:
    request = user_pb2.CreateUserRequest(
        username="ann", email="ann@example.com", password="secret123", full_name="", bio=""
    )
    assert new_user_from_pb(request) == NewUser("ann", "ann@example.com")


def test_a_field_that_is_absent_stays_and_an_empty_one_clears() -> None:
    request = user_pb2.UpdateUserRequest(id=1, bio="")
    assert change_from_pb(request) == ProfileChange(bio="")
    assert change_from_pb(user_pb2.UpdateUserRequest(id=1)) == ProfileChange()


def test_only_a_list_that_goes_on_has_a_cursor() -> None:
    assert list_to_pb(UserPage((a_user(7),), has_more=True, total=2)).next_cursor
    assert not list_to_pb(UserPage((a_user(7),), has_more=False, total=1)).next_cursor
    assert not list_to_pb(UserPage((), has_more=False, total=0)).next_cursor


def test_events_travel_under_the_users_id() -> None:
    created = event_to_record(UserCreated(a_user(5)))
    assert (created.topic, created.key, created.type) == ("user-events", "5", "user.created.v1")
    assert user_events_pb2.UserCreated.FromString(created.payload) == user_events_pb2.UserCreated(
        user_id=5,
        username="ann",
        full_name="Ann Example",
        avatar_url="https://example.com/ann.png",
        occurred_at=timestamp_to_pb(NOW),
    )
    deleted = event_to_record(UserDeleted(a_user(5)))
    assert (deleted.key, deleted.type) == ("5", "user.deleted.v1")
    message = user_events_pb2.UserDeleted.FromString(deleted.payload)
    assert (message.user_id, message.username) == (5, "ann")
    assert message.HasField("occurred_at")


def test_an_update_says_what_changed_and_the_name_before() -> None:
    record = event_to_record(UserUpdated(a_user(5, "anna"), ("username", "email"), "ann"))
    message = user_events_pb2.UserUpdated.FromString(record.payload)
    assert record.type == "user.updated.v1"
    assert (message.username, message.previous_username) == ("anna", "ann")
    assert list(message.changed.paths) == ["username", "email"]
    plain = event_to_record(UserUpdated(a_user(5), ("bio",)))
    assert not user_events_pb2.UserUpdated.FromString(plain.payload).HasField("previous_username")


@pytest.mark.parametrize(
    "event", [UserCreated(a_user()), UserUpdated(a_user(), ("email",)), UserDeleted(a_user())]
)
def test_no_event_carries_an_email(event: Event) -> None:
    assert b"@example.com" not in event_to_record(event).payload
