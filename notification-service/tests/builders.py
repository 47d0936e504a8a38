"""Things that tests are about, with defaults for what a test does not care for."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from notification_service.application.reception import Reception
from notification_service.domain.events import NotificationCreated
from notification_service.domain.facts import (
    FOLLOW_BEGAN,
    FOLLOW_ENDED,
    POST_APPEARED,
    POST_VANISHED,
    AccountGone,
    FollowEnded,
    FollowStarted,
    PostGone,
    PostPublished,
)
from notification_service.domain.models import Content, Draft, InboxState, Notification
from notification_service.domain.provenance import Origin

NOW = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

MILLISECOND = timedelta(milliseconds=1)

RECEPTION = Reception(lambda: NOW)

_IDS = count(1)


def a_draft(
    user_id: int = 1,
    type_: str = "greeting",
    *,
    payload: bytes | None = b'{"text":"hi"}',
    actor_id: int | None = None,
    subject: str | None = None,
    key: str | None = None,
) -> Draft:
    """A notification to somebody."""
    return Draft(user_id, Content(type_, payload, actor_id, subject), key)


def a_created(
    user_id: int = 1, seq: int = 1, *, version: int | None = None, payload: bytes = b"{}"
) -> NotificationCreated:
    """A notification that was put into an inbox in which all are unread."""
    notification = Notification(next(_IDS), user_id, seq, "greeting", payload, None, NOW)
    state = InboxState(user_id, seq, seq, seq, version or seq)
    return NotificationCreated(notification, state)


def an_origin(type_: str = FOLLOW_BEGAN) -> Origin:
    """A place in a topic."""
    topic = f"{type_.partition('.')[0]}-events"
    return Origin(type_, topic, 3, 17, NOW - 2 * MILLISECOND, NOW - MILLISECOND)


def a_follow(
    follower_id: int = 7, followee_id: int = 1, *, event_id: UUID | None = None
) -> FollowStarted:
    """The first person beginning to follow the second."""
    ids = event_id or uuid4(), follower_id, followee_id
    return FollowStarted(*ids, NOW, TRACE, an_origin())


def an_unfollow(follower_id: int = 7, followee_id: int = 1) -> FollowEnded:
    """The first person ceasing to follow the second."""
    return FollowEnded(uuid4(), follower_id, followee_id, an_origin(FOLLOW_ENDED))


def a_post(post_id: int = 99, author_id: int = 7, title: str = "Hello") -> PostPublished:
    """A post of somebody."""
    origin = an_origin(POST_APPEARED)
    return PostPublished(uuid4(), post_id, author_id, title, NOW, TRACE, origin)


def a_post_gone(post_id: int = 99, author_id: int = 7) -> PostGone:
    """The end of that post."""
    return PostGone(uuid4(), post_id, author_id, an_origin(POST_VANISHED))


def an_account_gone(user_id: int = 1) -> AccountGone:
    """The end of an account."""
    return AccountGone(uuid4(), user_id)
