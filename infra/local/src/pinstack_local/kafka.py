"""A real Apache Kafka in KRaft mode, one node or several, without ZooKeeper or Docker."""

import hashlib
import os
import socket
import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path

from pinstack_local import kafka_jars, ports
from pinstack_local.child import ChildProcess, Program
from pinstack_local.component import Component
from pinstack_local.errors import StartFailed
from pinstack_local.pidfiles import PidFiles

# Starting quickly matters more here than peak speed: one compiler stage, the simplest collector.
JVM_OPTIONS = (
    *("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *(
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    ),
)
JVM_TERMINATED = 143  # 128 + SIGTERM: what a JVM leaves after an orderly end

# Request header v1 of ApiVersions v0, https://kafka.apache.org/protocol
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)


class KafkaServer(Component):
    """`brokers` nodes on 127.0.0.1, each broker and controller at once.

    Node n listens on `port + n - 1`, controllers on free ports. Topics survive restarts; their
    default is six partitions on up to three brokers. Raises MissingTool at launch without Java.
    """

    kind = "kafka"

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        brokers: int = 1,
        log_path: Path | None = None,
        pid_files: PidFiles | None = None,
    ) -> None:
        self.name = "kafka"
        self.log_path = (log_path or folder / "kafka.log").absolute()
        self.ports = [port + n for n in range(brokers)] if port else ports.free_ports(brokers)
        self._nodes: list[ChildProcess] = []
        self._folder = folder.absolute()
        self._controller_ports = ports.free_ports(brokers)
        self._pid_files = pid_files
        self._jars = kafka_jars.jar_folder()
        self._new_archive = self._folder / "classes.jsa"

    @property
    def bootstrap_servers(self) -> str:
        """Return `host:port`, comma-separated for several brokers."""
        return ",".join(f"{ports.LOOPBACK}:{port}" for port in self.ports)

    @property
    def processes(self) -> list[ChildProcess]:
        """The nodes; none before the first launch."""
        return self._nodes

    @property
    def process(self) -> ChildProcess:
        """The only node, or the first."""
        return self._nodes[0]

    def launch(self) -> None:
        """Fetch the jars and format the storage if this is the first time; start the nodes."""
        if not self._nodes:
            java = kafka_jars.java()
            self._jars = kafka_jars.fetch()
            for index in range(len(self.ports)):
                self._prepare_node(java, index)
            self._nodes = [self._node(java, index) for index in range(len(self.ports))]
        for process in self._nodes:
            process.start()

    def is_ready(self) -> bool:
        """Say whether every node answers requests."""
        for process in self._nodes:
            process.require_running()
        return all(_answers(port) for port in self.ports)

    def stop(self, grace: float = 30) -> None:
        """Let the nodes write what they hold, and end them."""
        for process in self._nodes:
            process.terminate()
        for process in self._nodes:
            process.stop(grace)
        self._keep_archive()

    def _node(self, java: str, index: int) -> ChildProcess:
        number = f"-{index + 1}" if index else ""
        archive = self._archive_option(java) if index == 0 else ()
        command = (java, *JVM_OPTIONS, *archive, *self._classpath(), "kafka.Kafka")
        program = Program(
            name=f"{self.name}{number}",
            command=(*command, str(self._properties_path(index))),
            log_path=self.log_path.with_stem(f"{self.log_path.stem}{number}"),
            folder=self._folder,
        )
        return ChildProcess(program, self._pid_files)

    def _prepare_node(self, java: str, index: int) -> None:
        data = self._data_folder(index)
        data.mkdir(parents=True, exist_ok=True)
        self._properties_path(index).write_text(self._properties(index))
        if (data / "meta.properties").exists():
            return
        tool = ("kafka.tools.StorageTool", "format", "--cluster-id", self._cluster_id())
        command = (java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", *self._classpath(), *tool)
        done = subprocess.run(  # noqa: S603 -- the command is ours
            [*command, "--config", str(self._properties_path(index))],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            lines = (done.stdout + done.stderr).strip().splitlines()
            raise StartFailed(self.name, f"formatting the storage failed: {lines[-1:]}")

    def _properties(self, index: int) -> str:
        replicas = min(3, len(self.ports))
        insync = max(1, replicas - 1)
        address = f"{ports.LOOPBACK}:{self.ports[index]}"
        controller = f"{ports.LOOPBACK}:{self._controller_ports[index]}"
        voters = (
            f"{number}@{ports.LOOPBACK}:{port}"
            for number, port in enumerate(self._controller_ports, start=1)
        )
        return f"""process.roles=broker,controller
node.id={index + 1}
controller.quorum.voters={",".join(voters)}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{address},CONTROLLER://{controller}
advertised.listeners=PLAINTEXT://{address}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={self._data_folder(index)}
num.partitions=6
auto.create.topics.enable=true
default.replication.factor={replicas}
min.insync.replicas={insync}
offsets.topic.num.partitions=6
offsets.topic.replication.factor={replicas}
transaction.state.log.num.partitions=6
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={insync}
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={insync}
group.initial.rebalance.delay.ms=0
"""

    def _classpath(self) -> tuple[str, str]:
        return ("-cp", f"{self._jars}{os.sep}*")

    def _properties_path(self, index: int) -> Path:
        return self._folder / f"node-{index + 1}.properties"

    def _data_folder(self, index: int) -> Path:
        return self._folder / f"node-{index + 1}"

    def _cluster_id(self) -> str:
        """Return the id on file; Kafka wants 16 bytes as URL-safe base64."""
        path = self._folder / "cluster-id"
        if not path.exists():
            path.write_text(urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
        return path.read_text()

    def _archive_option(self, java: str) -> tuple[str]:
        """Share parsed classes between starts (JEP 350), which halves the time of a start."""
        archive = self._archive(java)
        if archive.exists():
            return (f"-XX:SharedArchiveFile={archive}",)
        return (f"-XX:ArchiveClassesAtExit={self._new_archive}",)

    def _archive(self, java: str) -> Path:
        build = hashlib.sha256(kafka_jars.java_banner(java).encode()).hexdigest()[:12]
        return self._jars.with_name(f"{self._jars.name}-java-{build}.jsa")

    def _keep_archive(self) -> None:
        if not self._new_archive.exists():
            return
        if self.process.exit_code == JVM_TERMINATED:
            with suppress(OSError):  # another file system: the next start is slow, no more
                self._new_archive.rename(self._archive(self.process.program.command[0]))
        self._new_archive.unlink(missing_ok=True)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((ports.LOOPBACK, port), timeout=1) as connection:
            connection.settimeout(5)
            connection.sendall(API_VERSIONS_REQUEST)
            return len(connection.recv(10)) == 10
    except OSError:
        return False
