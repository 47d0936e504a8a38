"""Parts of a stack without processes of their own, and a clock that is moved by hand."""

from pathlib import Path

from pinstack_local.child import ChildProcess
from pinstack_local.component import Component

from tests.builders import python

FOREVER = "import signal; signal.pause()"


class ManualClock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class SleepingComponent(Component):
    """A process that does nothing; ready as soon as it runs, unless told otherwise."""

    def __init__(self, folder: Path, code: str = FOREVER) -> None:
        self.name = "sleeper"
        self.log_path = folder / "program.log"
        self.process = python(folder, code, name=self.name)
        self.ready = True
        self.launches = 0

    @property
    def processes(self) -> tuple[ChildProcess]:
        """Its only process."""
        return (self.process,)

    def launch(self) -> None:
        """Start it."""
        self.launches += 1
        self.process.start()

    def is_ready(self) -> bool:
        """Say what the test said."""
        self.process.require_running()
        return self.ready

    def stop(self) -> None:
        """End it."""
        self.process.stop()
