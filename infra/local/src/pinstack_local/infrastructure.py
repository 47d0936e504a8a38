"""PostgreSQL, Redis and a broker together."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pinstack_local import databases, kafka_jars
from pinstack_local.broker import EmbeddedBroker
from pinstack_local.component import START_TIMEOUT, Component, start_all, stop_all
from pinstack_local.kafka import KafkaServer
from pinstack_local.pidfiles import PidFiles
from pinstack_local.postgres import PostgresServer
from pinstack_local.redis_server import RedisServer
from pinstack_local.settings import BrokerKind


class Infrastructure:
    """Three servers below one folder; a context manager. Port 0 is any free one."""

    def __init__(
        self,
        folder: Path,
        *,
        broker: BrokerKind = "embedded",
        kafka_brokers: int = 1,
        postgres_port: int = 0,
        redis_port: int = 0,
        kafka_port: int = 0,
        durable: bool = True,
    ) -> None:
        logs, pid_files = folder / "logs", PidFiles(folder / "run")
        self.postgres = PostgresServer(
            folder / "postgres",
            postgres_port,
            log_path=logs / "postgres.log",
            durable=durable,
            pid_files=pid_files,
        )
        self.redis = RedisServer(
            folder / "redis",
            redis_port,
            log_path=logs / "redis.log",
            durable=durable,
            pid_files=pid_files,
        )
        self.broker: EmbeddedBroker | KafkaServer
        if broker == "kafka":
            kafka_jars.require()
            self.broker = KafkaServer(
                folder / "kafka",
                kafka_port,
                brokers=kafka_brokers,
                log_path=logs / "kafka.log",
                pid_files=pid_files,
            )
        else:
            self.broker = EmbeddedBroker(
                folder / "broker", log_path=logs / "broker.log", pid_files=pid_files
            )

    @property
    def components(self) -> tuple[Component, Component, Component]:
        """The servers, those that start in the background first: initdb makes PostgreSQL wait."""
        return (self.broker, self.redis, self.postgres)

    def ensure_databases(self, passwords: Mapping[str, str]) -> None:
        """Create a role and a database for each name that lacks them; PostgreSQL must run."""
        databases.ensure(self.postgres.url(), passwords)

    def test_environment(self) -> dict[str, str]:
        """Return the variables in which tests look for servers."""
        return {
            "PINSTACK_TEST_POSTGRES_URL": self.postgres.url(),
            "PINSTACK_TEST_REDIS_URL": self.redis.url(),
            "PINSTACK_TEST_KAFKA": self.broker.bootstrap_servers,
            "PINSTACK_TEST_KAFKA_KIND": self.broker.kind,
        }

    def start(
        self, timeout: float = START_TIMEOUT, on_poll: Callable[[], None] = lambda: None
    ) -> Self:
        """Start all three at once; stop them and raise StartFailed if one does not come up.

        `on_poll` is called all the while, and what it raises ends the wait.
        """
        try:
            start_all(self.components, timeout, on_poll=on_poll)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all three in order."""
        stop_all(self.components)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
