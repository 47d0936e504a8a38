"""The quick start's broker: speaks Kafka's protocol, keeps everything in memory."""

import sys
from pathlib import Path

from pinstack_local.child import ChildProcess, Program
from pinstack_local.component import Component
from pinstack_local.pidfiles import PidFiles


class EmbeddedBroker(Component):
    """librdkafka's mock cluster with one broker, in a small process of its own.

    It forgets everything when it ends, gives one member of a consumer group all partitions, makes
    topics of four partitions when they are first used, and knows no CreateTopics. Nobody can
    choose its port: `bootstrap_servers` is known after the start, and changes with each one.
    """

    kind = "embedded"
    address_changes = True

    def __init__(
        self, folder: Path, *, log_path: Path | None = None, pid_files: PidFiles | None = None
    ) -> None:
        self.name = "broker"
        self.log_path = (log_path or folder / "broker.log").absolute()
        self._folder = folder.absolute()
        self._address_file = self._folder / "address"
        program = Program(
            name=self.name,
            command=(
                sys.executable,
                "-m",
                "pinstack_local.embedded_broker",
                str(self._address_file),
            ),
            log_path=self.log_path,
            folder=self._folder,
        )
        self.process = ChildProcess(program, pid_files)

    @property
    def bootstrap_servers(self) -> str:
        """Return `host:port`, what Kafka clients call bootstrap servers."""
        return self._address_file.read_text()

    @property
    def processes(self) -> tuple[ChildProcess]:
        """The server's only process."""
        return (self.process,)

    def launch(self) -> None:
        """Start the process, and forget the address of an earlier one."""
        if not self.process.is_running():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._address_file.unlink(missing_ok=True)
            self.process.start()

    def is_ready(self) -> bool:
        """Say whether its address is known."""
        self.process.require_running()
        return self._address_file.exists()

    def stop(self, grace: float = 5) -> None:
        """End it, and with it everything that was in its topics."""
        self.process.stop(grace)
