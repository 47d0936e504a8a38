"""The inboxes of two people, and a client."""

from collections.abc import AsyncIterator

import pytest

from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.notification import NotificationRoutes
from api_gateway.adapters.http.routes.notification_marks import NotificationMarkRoutes
from api_gateway.application.groups import NamedGroups
from api_gateway.domain.cursor import Cursors
from tests.fakes.groups import InMemoryGroups
from tests.fakes.notifications import InMemoryNotifications
from tests.fakes.tickets import InMemoryTickets
from tests.fakes.users import InMemoryUsers, a_user
from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.notification.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    edge, tickets = EdgeOfTest(), InMemoryTickets()
    notifications = InMemoryNotifications([1, 2])
    groups, users = InMemoryGroups(), InMemoryUsers(*(a_user(n, f"user{n}") for n in (7, 8)))
    cursors = Cursors(b"s" * 16)
    routes = NotificationRoutes(notifications, NamedGroups(groups, users), tickets, cursors)
    every = [
        *routes_of(routes, tag="notification"),
        *routes_of(NotificationMarkRoutes(notifications), tag="notification"),
    ]
    async with served(every, edge) as client:
        yield World(client, edge, notifications, tickets, groups)
