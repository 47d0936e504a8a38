"""What one can do with notifications."""

import pytest
from service_kit.errors import Unavailable

from notification_service.application.use_cases import MOST_MISSED, Notifications
from notification_service.domain.errors import (
    AccessDenied,
    InvalidNotification,
    NotificationNotFound,
    UserNotFound,
)
from notification_service.domain.events import (
    NotificationCreated,
    NotificationsRead,
    NotificationWithdrawn,
)
from notification_service.domain.models import Notification, Window
from tests.builders import RECEPTION, a_draft
from tests.fakes import InMemoryStore, InMemoryUsers

ANN, BOB, GONE = 1, 2, 3


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def users() -> InMemoryUsers:
    users = InMemoryUsers()
    users.gone.add(GONE)
    return users


@pytest.fixture
def notifications(store: InMemoryStore, users: InMemoryUsers) -> Notifications:
    return Notifications(store, users, store, store, RECEPTION)


async def test_what_is_sent_is_in_the_inbox_and_announced(
    notifications: Notifications, store: InMemoryStore
) -> None:
    id_ = await notifications.send(a_draft(ANN, actor_id=BOB))
    found = await notifications.get(id_, ANN)
    assert (found.user_id, found.seq, found.actor_id) == (ANN, 1, BOB)
    (event,) = store.events
    assert isinstance(event, NotificationCreated)
    assert event.notification == found


async def test_nothing_is_sent_to_nobody(
    notifications: Notifications, store: InMemoryStore, users: InMemoryUsers
) -> None:
    with pytest.raises(UserNotFound):
        await notifications.send(a_draft(GONE))
    users.away = True
    with pytest.raises(Unavailable):
        await notifications.send(a_draft(ANN))
    assert store.events == []


async def test_nothing_is_sent_to_an_inbox_that_was_closed_before_the_account_was_seen_to_be_gone(
    notifications: Notifications, store: InMemoryStore
) -> None:
    async with store.begin() as unit:
        await unit.close({ANN})
    with pytest.raises(UserNotFound):
        await notifications.send(a_draft(ANN))


async def test_the_same_key_gives_the_same_notification_even_if_it_was_removed(
    notifications: Notifications, store: InMemoryStore, users: InMemoryUsers
) -> None:
    first = await notifications.send(a_draft(ANN, key="k", actor_id=BOB))
    await notifications.remove(first, ANN)
    users.away = True
    assert await notifications.send(a_draft(ANN, key="k", actor_id=BOB)) == first
    users.away = False
    assert await notifications.send(a_draft(ANN, key="k", actor_id=ANN)) != first
    assert (await notifications.state(ANN)).last_seq == 2


async def test_two_sends_with_one_key_at_the_same_time_are_one(
    notifications: Notifications, users: InMemoryUsers, store: InMemoryStore
) -> None:
    """The second one looks before the first has committed."""
    late = Notifications(_Blind(store), users, store, store, RECEPTION)
    first = await notifications.send(a_draft(ANN, key="k"))
    assert await late.send(a_draft(ANN, key="k")) == first
    assert (await notifications.state(ANN)).last_seq == 1


class _Blind(InMemoryStore):
    """Does not find what was sent when it is first asked."""

    def __init__(self, store: InMemoryStore) -> None:
        super().__init__()
        self.tables = store.tables
        self._asked = False

    async def sent_as(self, actor_id: int | None, idempotency_key: str) -> int | None:
        if not self._asked:
            self._asked = True
            return None
        return await super().sent_as(actor_id, idempotency_key)


async def test_only_the_owner_gets_reads_and_removes(notifications: Notifications) -> None:
    id_ = await notifications.send(a_draft(ANN))
    for act in (notifications.get, notifications.read, notifications.remove):
        with pytest.raises(AccessDenied):
            await act(id_, BOB)
    assert (await notifications.get(id_, None)).id == id_
    assert not (await notifications.get(id_, ANN)).is_read


async def test_what_is_not_there_is_not_found_and_what_can_not_be_is_invalid(
    notifications: Notifications,
) -> None:
    for act in (notifications.get, notifications.read, notifications.remove):
        with pytest.raises(NotificationNotFound):
            await act(77, ANN)
        with pytest.raises(InvalidNotification):
            await act(0, ANN)


async def test_reading_counts_once(notifications: Notifications, store: InMemoryStore) -> None:
    id_ = await notifications.send(a_draft(ANN))
    await notifications.send(a_draft(ANN))
    was_read, inbox = await notifications.read(id_, ANN)
    assert (was_read, inbox.unread) == (False, 1)
    was_read, inbox = await notifications.read(id_, ANN)
    assert (was_read, inbox.unread) == (True, 1)
    read = [event for event in store.events if isinstance(event, NotificationsRead)]
    assert [event.notification_ids for event in read] == [(id_,)]


async def test_reading_what_is_removed_at_the_same_moment_finds_nothing(
    store: InMemoryStore, users: InMemoryUsers, notifications: Notifications
) -> None:
    id_ = await notifications.send(a_draft(ANN))
    removed = _RemovedOnceSeen(store, notifications)
    racing = Notifications(removed, users, store, store, RECEPTION)
    with pytest.raises(NotificationNotFound):
        await racing.read(id_, ANN)


class _RemovedOnceSeen(InMemoryStore):
    """Somebody removes a notification right after it was looked at."""

    def __init__(self, store: InMemoryStore, others: Notifications) -> None:
        super().__init__()
        self.tables = store.tables
        self._others = others

    async def get(self, notification_id: int) -> Notification | None:
        found = await super().get(notification_id)
        if found is not None:
            await self._others.remove(notification_id, None)
        return found


async def test_all_are_read_or_all_up_to_a_seq(
    notifications: Notifications, store: InMemoryStore
) -> None:
    for _ in range(3):
        await notifications.send(a_draft(ANN))
    count, inbox = await notifications.read_all(ANN, 2)
    assert (count, inbox.unread) == (2, 1)
    count, inbox = await notifications.read_all(ANN, 2)
    assert (count, inbox.unread) == (0, 1)
    count, inbox = await notifications.read_all(ANN, None)
    assert (count, inbox.unread) == (1, 0)
    read = [event for event in store.events if isinstance(event, NotificationsRead)]
    assert [(event.up_to_seq, event.count) for event in read] == [(2, 2), (3, 1)]
    with pytest.raises(InvalidNotification):
        await notifications.read_all(ANN, -1)


async def test_what_is_removed_is_gone_and_is_not_found_the_second_time(
    notifications: Notifications, store: InMemoryStore
) -> None:
    id_ = await notifications.send(a_draft(ANN))
    inbox = await notifications.remove(id_, ANN)
    assert (inbox.unread, inbox.total) == (0, 0)
    with pytest.raises(NotificationNotFound):
        await notifications.remove(id_, ANN)
    with pytest.raises(NotificationNotFound):
        await notifications.read(id_, ANN)
    assert isinstance(store.events[-1], NotificationWithdrawn)


async def test_what_was_missed_is_bounded(notifications: Notifications) -> None:
    for _ in range(3):
        await notifications.send(a_draft(ANN))
    assert len((await notifications.since(ANN, 1, 0)).notifications) == 2
    assert len((await notifications.since(ANN, 0, 2)).notifications) == 2
    assert len((await notifications.since(ANN, 0, MOST_MISSED + 1)).notifications) == 3
    for after_seq, limit in ((-1, 1), (0, -1)):
        with pytest.raises(InvalidNotification):
            await notifications.since(ANN, after_seq, limit)


async def test_a_feed_belongs_to_somebody(notifications: Notifications) -> None:
    for ask in (notifications.state, lambda user_id: notifications.feed(user_id, Window(1))):
        with pytest.raises(InvalidNotification):
            await ask(0)
