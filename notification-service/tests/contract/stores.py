"""What a contract suite works with, and what its tests do again and again."""

from dataclasses import dataclass

from notification_service.application.live import Hub
from notification_service.application.ports import Inboxes, JobQueue, KeptPreferences, Provenance
from notification_service.application.units import Units
from notification_service.application.use_cases import Notifications
from notification_service.application.wishes import Wishes
from notification_service.domain.events import NotificationCreated
from notification_service.domain.models import Draft, InboxState, Notification
from tests.builders import RECEPTION
from tests.fakes import InMemoryUsers


@dataclass(frozen=True, slots=True)
class Store:
    """The ports onto one store."""

    inboxes: Inboxes
    units: Units
    queue: JobQueue
    preferences: KeptPreferences
    provenance: Provenance
    hub: Hub

    async def deliver(self, *drafts: Draft) -> list[Notification]:
        """Put notifications into inboxes, in one unit."""
        return [created.notification for created in await self.delivered(*drafts)]

    async def delivered(self, *drafts: Draft) -> list[NotificationCreated]:
        """The same, with all that is announced."""
        async with self.units.begin() as unit:
            created = await unit.inboxes.deliver(drafts)
            unit.emit(created)
        return created

    async def state(self, user_id: int) -> InboxState:
        """Where an inbox stands."""
        (state,) = await self.inboxes.states([user_id])
        return state

    async def unseen(self, user_id: int) -> tuple[int, int]:
        """How many are unseen, and how far the owner has looked."""
        state = await self.state(user_id)
        return state.unseen, state.seen_seq

    async def counts(self, user_id: int) -> tuple[int, int, int]:
        """The newest seq, and how many are unread and shown."""
        state = await self.state(user_id)
        return state.last_seq, state.unread, state.total


def notifications_of(store: Store) -> Notifications:
    """The use cases over a store, where everybody exists."""
    users = InMemoryUsers()
    return Notifications(store.inboxes, users, store.units, store.preferences, RECEPTION)


def wishes_of(store: Store) -> Wishes:
    """The use cases of preferences over a store, where everybody exists."""
    return Wishes(store.preferences, InMemoryUsers(), store.units)
