"""A hub in memory and all around it."""

from collections.abc import Callable
from dataclasses import dataclass

from service_kit.testing import eventually

from api_gateway.application.live.connection import Connection
from api_gateway.application.live.hub import Hub
from api_gateway.application.live.limits import Limits
from tests.fakes.live import (
    InMemoryInboxes,
    InMemoryRevocations,
    InMemorySource,
    ManualClock,
    RecordingCarrier,
)
from tests.live.builders import a_principal

LIMITS = Limits(
    connections=12,
    connections_per_user=3,
    queue=20,
    page=5,
    fetches=2,
    tick_seconds=0.001,
    closing_seconds=0.2,
    reconcile_seconds=1e9,
)


@dataclass
class House:
    """A hub and all around it."""

    inboxes: InMemoryInboxes
    revocations: InMemoryRevocations
    clock: ManualClock
    hub: Hub

    @property
    def source(self) -> InMemorySource:
        return self.inboxes.sources[0]

    def connect(
        self, user_id: int = 1, session_id: str = "s1", expires_at: float = 1e6
    ) -> tuple[Connection, RecordingCarrier]:
        carrier = RecordingCarrier()
        principal = a_principal(user_id, session_id, expires_at)
        connection = self.hub.attach(principal, carrier)
        connection.opened()
        return connection, carrier

    async def resumed(
        self, after_seq: int | None = None, user_id: int = 1
    ) -> tuple[Connection, RecordingCarrier]:
        connection, carrier = self.connect(user_id)
        connection.resume(after_seq)
        await eventually(lambda: "ready" in carrier.types)
        return connection, carrier


Make = Callable[[Limits], House]
