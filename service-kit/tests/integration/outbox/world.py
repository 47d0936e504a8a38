"""What tests of the outbox and its relay wait for."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from service_kit.outbox import Relay

PATIENT = 3600.0
"""A poll interval that no test waits for: what happens within it was not found by polling."""
NOWHERE = "127.0.0.1:1"

RunRelay = Callable[..., AbstractAsyncContextManager[Relay]]
