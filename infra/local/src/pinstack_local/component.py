"""The parts of a stack, and starting several at once without threads."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pinstack_local.child import ChildProcess
from pinstack_local.errors import LocalStackError, StartFailed

START_TIMEOUT = 60.0


class Component(ABC):
    """A server that is launched first and asked for readiness later; a context manager too."""

    name: str
    log_path: Path
    address_changes: bool = False
    """Whether it has another address after each launch."""

    @property
    @abstractmethod
    def processes(self) -> Sequence[ChildProcess]:
        """Its processes, started or not; a dead one is started again by `launch`."""

    @abstractmethod
    def launch(self) -> None:
        """Start its processes and return without waiting for readiness."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether it serves; raises StartFailed when its process has ended."""

    @abstractmethod
    def stop(self) -> None:
        """End its processes; nothing happens if none runs."""

    def pending_steps(self) -> list[str]:
        """Return names of what has to be done before its processes start; usually nothing."""
        return []

    def lateness(self, timeout: float) -> str:
        """Say why it is not ready yet, for the message after a wait of `timeout` seconds."""
        return f"not ready after {timeout:g} s"

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
    on_poll: Callable[[], None] = lambda: None,
) -> None:
    """Launch all (one that runs is left alone), then wait for them as `wait_all` does."""
    for component in components:
        component.launch()
    wait_all(components, timeout, on_ready, on_poll)


def wait_all(
    components: Sequence[Component],
    timeout: float = START_TIMEOUT,
    on_ready: Callable[[Component], None] = lambda _: None,
    on_poll: Callable[[], None] = lambda: None,
) -> None:
    """Wait until each is ready.

    `on_ready` is told as each gets there; `on_poll` is called all the while, and what it raises
    ends the wait. Raises StartFailed for the first that ends or is not ready after `timeout`
    seconds. Those that run keep running: whoever called decides.
    """
    deadline = time.monotonic() + timeout
    waiting = list(components)
    while waiting:
        on_poll()
        for component in [each for each in waiting if each.is_ready()]:
            waiting.remove(component)
            on_ready(component)
        if waiting and time.monotonic() > deadline:
            late = waiting[0]
            raise StartFailed(late.name, late.lateness(timeout), late.log_path)
        if waiting:
            time.sleep(0.02)


def stop_all(components: Sequence[Component]) -> None:
    """Ask all to end, then wait for each; an error of one does not keep the others running."""
    for component in components:
        for process in component.processes:
            process.terminate()
    errors: list[Exception] = []
    for component in components:
        try:
            component.stop()
        except (OSError, LocalStackError) as error:
            errors.append(error)
    if errors:
        raise errors[0]
