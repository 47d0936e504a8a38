"""Events that are published if, and only if, the transaction that wrote them was committed."""

from service_kit.outbox.relay import Relay
from service_kit.outbox.table import OutboxRecord, append, insertion, parameters

__all__ = ["OutboxRecord", "Relay", "append", "insertion", "parameters"]
