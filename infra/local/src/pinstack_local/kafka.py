"""A real Apache Kafka in KRaft mode, one node or several, without ZooKeeper or Docker."""

import hashlib
import os
import socket
import struct
import uuid
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path

from pinstack_local import kafka_jars, ports
from pinstack_local.child import ChildProcess, Program
from pinstack_local.component import Component
from pinstack_local.pidfiles import PidFiles
from pinstack_local.preparation import Preparation, Step

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
        self._preparation = Preparation()
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
        """Start the nodes; the first time, fetch the jars and format the storage before that."""
        if not self._nodes:
            java = kafka_jars.java()
            for index in range(len(self.ports)):
                self._data_folder(index).mkdir(parents=True, exist_ok=True)
                self._properties_path(index).write_text(self._properties(index))
            self._nodes = [self._node(java, index) for index in range(len(self.ports))]
            self._preparation = Preparation(self._steps(java))
        if self._preparation.is_done():
            self._start_nodes()

    def pending_steps(self) -> list[str]:
        """Return the names of what only the first start has to do."""
        return self._preparation.names

    def is_ready(self) -> bool:
        """Say whether every node answers requests."""
        if not self._preparation.is_done():
            return False
        if not self.process.was_started:
            self._start_nodes()
        for process in self._nodes:
            process.require_running()
        return all(_answers(port) for port in self.ports)

    def stop(self, grace: float = 30) -> None:
        """Let the nodes write what they hold, and end them."""
        self._preparation.stop()
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

    def _start_nodes(self) -> None:
        for process in self._nodes:
            process.start()

    def _steps(self, java: str) -> list[Step]:
        log_path = self.log_path.with_stem(f"{self.log_path.stem}-setup")
        steps = [] if self._jars.exists() else [kafka_jars.fetch_step(log_path)]
        # in one word: an id may begin with a dash
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={self._cluster_id()}")
        command = (java, "-XX:TieredStopAtLevel=1", *self._classpath(), *tool, "--config")
        for index in range(len(self.ports)):
            if not (self._data_folder(index) / "meta.properties").exists():
                program = Program(
                    name="formatting Kafka's storage",
                    command=(*command, str(self._properties_path(index))),
                    log_path=log_path,
                )
                steps.append(Step(program))
        return steps

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
