"""What is measured of one carrier's connections."""

import time
from typing import Literal

from service_kit import metrics

from api_gateway.application.live.frames import Frame

CarrierName = Literal["websocket", "sse"]


class Measures:
    """The `pinstack_live_*` metrics of one carrier, their labels looked up once."""

    def __init__(self, carrier: CarrierName) -> None:
        self.open = metrics.LIVE_CONNECTIONS.labels(carrier)
        self._sent = metrics.LIVE_FRAMES.labels(carrier, "sent")
        self._dropped = metrics.LIVE_FRAMES.labels(carrier, "dropped")
        self._delivery = metrics.LIVE_DELIVERY.labels(carrier)
        self._resumed = {
            outcome: metrics.LIVE_RESUMED.labels(carrier, outcome)
            for outcome in ("caught_up", "reset")
        }

    def sent(self, frame: Frame) -> None:
        """A frame is on the wire."""
        self._sent.inc()
        if frame.committed_at is not None:
            self._delivery.observe(max(0.0, time.time() - frame.committed_at))
        if frame.resumed is not None:
            self._resumed[frame.resumed].inc()

    def dropped(self, frames: int) -> None:
        """Frames were given up, as their connection is closed; the client resumes."""
        self._dropped.inc(frames)
