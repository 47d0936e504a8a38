"""Programs that run to their end before a server can start, such as initdb."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pinstack_local.child import ChildProcess, Program
from pinstack_local.errors import StartFailed


@dataclass(frozen=True, slots=True)
class Step:
    """A program, and what to do when it has succeeded."""

    program: Program
    finish: Callable[[], None] = lambda: None


class Preparation:
    """Steps that run one after the other, in the background.

    They are child processes like the servers, so a stop signal at the terminal does not reach
    them, and can end the wait for them.
    """

    def __init__(self, steps: Sequence[Step] = ()) -> None:
        self._waiting = list(steps)
        self._current: tuple[Step, ChildProcess] | None = None

    @property
    def names(self) -> list[str]:
        """The names of the steps that are not done yet."""
        current = [self._current[0]] if self._current else []
        return [step.program.name for step in [*current, *self._waiting]]

    def is_done(self) -> bool:
        """Look after the present step, start the next; say whether all have succeeded.

        Raises StartFailed for one that has not.
        """
        if self._current is not None:
            step, process = self._current
            if process.is_running():
                return False
            self._current = None
            if process.exit_code != 0:
                raise StartFailed(
                    step.program.name, f"ended with {process.outcome()}", process.log_path
                )
            step.finish()
        if not self._waiting:
            return True
        step = self._waiting.pop(0)
        process = ChildProcess(step.program)
        self._current = (step, process)
        process.start()
        return False

    def stop(self) -> None:
        """End the present step and forget the others."""
        self._waiting.clear()
        if self._current is not None:
            self._current[1].stop()
            self._current = None
