"""What others read of inboxes: enough to build them again."""

from dataclasses import replace
from uuid import uuid4

from pinstack_proto import topics
from pinstack_proto.events.v1.notification_events_pb2 import (
    NotificationCreated as CreatedMessage,
)
from pinstack_proto.events.v1.notification_events_pb2 import (
    NotificationWithdrawn as WithdrawnMessage,
)
from service_kit.timestamps import timestamp_to_pb

from notification_service.adapters.event_records import event_to_record
from notification_service.domain.events import Event, NotificationWithdrawn, UnreadChanged
from notification_service.domain.models import Held, InboxState
from tests.builders import NOW, a_created

STATE = InboxState(user_id=7, last_seq=3, unread=1, total=2, version=9)


def message_of(event: Event) -> topics.Event:
    record = event_to_record(event)
    assert record is not None
    assert (record.topic, record.key) == (topics.NOTIFICATION_EVENTS, "7")
    return topics.unpack(record.type, record.payload)


def test_a_notification_is_announced_whole() -> None:
    created = a_created(7, seq=3, payload='{"text":"Grüße"}'.encode())
    event_id = uuid4()
    created = replace(created, subject="post:99", idempotency_key="k1", event_id=event_id)
    created = replace(created, held=Held.QUIET_HOURS)
    assert message_of(created) == CreatedMessage(
        notification_id=created.notification.id,
        user_id=7,
        type="greeting",
        seq=3,
        occurred_at=timestamp_to_pb(NOW),
        payload='{"text":"Grüße"}',
        subject="post:99",
        idempotency_key="k1",
        event_id=str(event_id),
        held="quiet_hours",
    )


def test_one_without_a_payload_has_none() -> None:
    created = a_created(7)
    bare = replace(created, notification=replace(created.notification, payload=None))
    message = message_of(bare)
    assert isinstance(message, CreatedMessage)
    assert not message.HasField("payload")
    assert not message.HasField("idempotency_key")
    assert message.subject == ""


def test_a_withdrawal_is_announced_with_the_place_that_stays_empty() -> None:
    assert message_of(NotificationWithdrawn(17, 2, STATE, NOW)) == WithdrawnMessage(
        notification_id=17, user_id=7, seq=2, occurred_at=timestamp_to_pb(NOW)
    )


def test_a_count_that_changed_by_itself_is_of_no_concern_to_others() -> None:
    assert event_to_record(UnreadChanged(STATE)) is None
