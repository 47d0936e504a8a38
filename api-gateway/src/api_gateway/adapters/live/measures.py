"""What is measured of one carrier's connections."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from opentelemetry.trace import SpanKind
from service_kit import metrics, tracing

from api_gateway.application.live.frames import Frame

CarrierName = Literal["websocket", "sse"]


class Measures:
    """The `pinstack_live_*` metrics of one carrier, their labels looked up once."""

    def __init__(self, carrier: CarrierName) -> None:
        self._carrier = carrier
        self.open = metrics.LIVE_CONNECTIONS.labels(carrier)
        self._sent = metrics.LIVE_FRAMES.labels(carrier, "sent")
        self._dropped = metrics.LIVE_FRAMES.labels(carrier, "dropped")
        self._delivery = metrics.LIVE_DELIVERY.labels(carrier)
        self._resumed = {
            outcome: metrics.LIVE_RESUMED.labels(carrier, outcome)
            for outcome in ("caught_up", "reset")
        }

    @contextmanager
    def sending(self, frame: Frame) -> Iterator[None]:
        """Put the frame on the wire in the block: the end of the trace of what it tells."""
        cause = str(frame.body.get("traceparent", ""))
        if not cause or tracing.is_off():
            yield
        else:
            parent = tracing.extract_context({"traceparent": cause})
            name = f"{self._carrier} {frame.type}"
            with tracing.span(name, parent=parent, kind=SpanKind.PRODUCER):
                yield
        self._count(frame, cause)

    def _count(self, frame: Frame, cause: str) -> None:
        self._sent.inc()
        if frame.committed_at is not None:
            delay = max(0.0, time.time() - frame.committed_at)
            self._delivery.observe(delay, tracing.exemplar(cause) if cause else None)
        if frame.resumed is not None:
            self._resumed[frame.resumed].inc()

    def dropped(self, frames: int) -> None:
        """Frames were given up, as their connection is closed; the client resumes."""
        self._dropped.inc(frames)
