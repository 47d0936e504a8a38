"""The journal of inboxes, as it stands in the topics."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from pinstack_proto import topics
from pinstack_proto.events.v1.notification_events_pb2 import (
    NotificationArchived,
    NotificationCreated,
    NotificationRead,
    NotificationSeen,
    NotificationWithdrawn,
)
from pinstack_proto.events.v1.user_events_pb2 import UserDeleted
from service_kit.timestamps import timestamp_from_pb

from notification_service.domain.groups import membership
from notification_service.domain.journal import JournalEntry, Kind

TOPICS: Final = (topics.NOTIFICATION_EVENTS, topics.USER_EVENTS)
_TYPES: Final = frozenset(
    topics.event_type_of(message).name
    for message in (
        NotificationCreated,
        NotificationRead,
        NotificationWithdrawn,
        NotificationSeen,
        NotificationArchived,
        UserDeleted,
    )
)


def entries_of(event_type: str, value: bytes) -> Iterator[JournalEntry]:
    """What an event says of inboxes: nothing, one fact or several.

    Raises `ValueError` for one that can't be read.
    """
    if event_type not in _TYPES:
        return
    match topics.unpack(event_type, value):
        case NotificationCreated() as message:
            yield _created(message)
        case NotificationRead() as message:
            yield from _read(message)
        case NotificationWithdrawn() as message:
            at, user_id = timestamp_from_pb(message.occurred_at), message.user_id
            yield JournalEntry(Kind.WITHDRAWN, user_id, at, message.notification_id)
        case NotificationSeen() as message:
            at = timestamp_from_pb(message.occurred_at)
            yield JournalEntry(Kind.SEEN, message.user_id, at, up_to_seq=message.up_to_seq)
        case NotificationArchived() as message:
            yield from _archived(message)
        case UserDeleted() as message:
            at = timestamp_from_pb(message.occurred_at)
            yield JournalEntry(Kind.CLOSED, message.user_id, at)


def _created(message: NotificationCreated) -> JournalEntry:
    payload = message.payload.encode() if message.HasField("payload") else None
    actor_id = message.actor_id if message.HasField("actor_id") else None
    group = membership(message.type, actor_id, message.subject or None, payload)
    return JournalEntry(
        Kind.CREATED,
        message.user_id,
        timestamp_from_pb(message.occurred_at),
        message.notification_id,
        message.seq,
        message.type,
        message.payload if message.HasField("payload") else None,
        actor_id,
        message.subject or None,
        message.idempotency_key if message.HasField("idempotency_key") else None,
        group_key=group.key,
        about_id=group.about_id,
        event_id=UUID(message.event_id) if message.event_id else None,
        held=message.held or None,
    )


def _read(message: NotificationRead) -> Iterator[JournalEntry]:
    at, user_id = timestamp_from_pb(message.occurred_at), message.user_id
    for notification_id in message.notification_ids:
        yield JournalEntry(Kind.READ, user_id, at, notification_id)
    if message.HasField("up_to_seq"):
        yield JournalEntry(Kind.READ, user_id, at, up_to_seq=message.up_to_seq)


def _archived(message: NotificationArchived) -> Iterator[JournalEntry]:
    """What is archived is read by that."""
    at, user_id = timestamp_from_pb(message.occurred_at), message.user_id
    if message.archived:
        yield JournalEntry(Kind.READ, user_id, at, message.notification_id)
    yield JournalEntry(
        Kind.ARCHIVED,
        user_id,
        at,
        message.notification_id,
        is_archived=message.archived,
        version=message.version,
    )
