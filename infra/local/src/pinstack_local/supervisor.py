"""Keeps the parts of a stack alive: says what died, and starts it again, slower each time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pinstack_local.component import Component, stop_all
from pinstack_local.errors import LocalStackError
from pinstack_local.services import ServiceProcess

# A second at first, so that whoever killed a process on purpose can watch the others cope.
FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0
LOG_LINES = 12


@dataclass(slots=True)
class Watch:
    """What is known of one part; all times are those of the supervisor's clock."""

    component: Component
    delay: float = FIRST_DELAY
    restart_at: float | None = None
    died_at: float | None = None
    ready_at: float = 0.0


class Supervisor:
    """Watches parts that have been started; `step` is to be called a few times a second.

    `report` is told whole messages, of several lines some of them. Without `restart` a dead part
    stays dead and the others keep running.
    """

    def __init__(
        self,
        components: Sequence[Component],
        report: Callable[[str], None],
        *,
        restart: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watches = [Watch(component, ready_at=clock()) for component in components]
        self._report = report
        self._restart = restart
        self._clock = clock

    def step(self) -> None:
        """Look at every part once; start again what is due."""
        for watch in self._watches:
            if watch.restart_at is not None:
                self._restart_if_due(watch, watch.restart_at)
            elif not all(process.is_running() for process in watch.component.processes):
                self._note_death(watch)
            elif watch.died_at is not None:
                self._note_recovery(watch, watch.died_at)

    def _note_death(self, watch: Watch) -> None:
        now = self._clock()
        if watch.died_at is None and now - watch.ready_at > STEADY_SECONDS:
            watch.delay = FIRST_DELAY
        watch.died_at = watch.died_at if watch.died_at is not None else now
        watch.restart_at = now + watch.delay if self._restart else float("inf")
        plan = f"starting it again in {watch.delay:g} s" if self._restart else "it stays down"
        watch.delay = min(watch.delay * 2, LONGEST_DELAY)
        for process in watch.component.processes:
            if not process.is_running():
                tail = [f"    | {line}" for line in process.log_tail(LOG_LINES)]
                first = f"{process.name} ended with {process.outcome()}; {plan}"
                self._report("\n".join([first, *tail, f"    its log: {process.log_path}"]))

    def _restart_if_due(self, watch: Watch, restart_at: float) -> None:
        if self._clock() < restart_at:
            return
        watch.restart_at = None
        try:
            watch.component.launch()
        except (LocalStackError, OSError) as error:
            self._report(f"{watch.component.name} could not be started: {error}")
            watch.restart_at = self._clock() + watch.delay
            watch.delay = min(watch.delay * 2, LONGEST_DELAY)

    def _note_recovery(self, watch: Watch, died_at: float) -> None:
        try:
            if not watch.component.is_ready():
                return
        except LocalStackError:
            return  # it died again, which the next step reports
        watch.died_at = None
        watch.ready_at = self._clock()
        self._report(
            f"{watch.component.name} is ready again after {watch.ready_at - died_at:.1f} s"
        )
        if watch.component.address_changes:
            self._move_services()

    def _move_services(self) -> None:
        """Start the services again, which know the embedded broker by the port it had before."""
        self._report("the broker has a new address: starting the services again")
        moving = [each for each in self._watches if isinstance(each.component, ServiceProcess)]
        stop_all([watch.component for watch in reversed(moving)])
        for watch in moving:
            watch.restart_at, watch.died_at = None, self._clock()
            watch.component.launch()
