"""The parts of a stack, and starting several at once without threads."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pinstack_local.errors import StartFailed

START_TIMEOUT = 60.0


class Component(ABC):
    """A server that is launched first and asked for readiness later; a context manager too."""

    name: str
    log_path: Path

    @abstractmethod
    def launch(self) -> None:
        """Start its processes and return without waiting for readiness."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether it serves; raises StartFailed when its process has ended."""

    @abstractmethod
    def stop(self) -> None:
        """End its processes; nothing happens if none runs."""

    def start(self, timeout: float = START_TIMEOUT) -> Self:
        """Launch it and wait until it serves; stop it and raise StartFailed if it does not."""
        try:
            start_all([self], timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start_all(
    components: Sequence[Component],
    timeout: float = START_TIMEOUT,
    on_ready: Callable[[Component], None] = lambda _: None,
) -> None:
    """Launch all, then wait until each is ready; tell `on_ready` as each gets there.

    Raises StartFailed for the first that ends or is not ready after `timeout` seconds. Those
    that run keep running: whoever called decides.
    """
    for component in components:
        component.launch()
    deadline = time.monotonic() + timeout
    waiting = list(components)
    while waiting:
        for component in [each for each in waiting if each.is_ready()]:
            waiting.remove(component)
            on_ready(component)
        if waiting and time.monotonic() > deadline:
            late = waiting[0]
            raise StartFailed(late.name, f"not ready after {timeout:g} s", late.log_path)
        if waiting:
            time.sleep(0.02)
