"""Who listens where: every process of a stack with its ports, decided before anything starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pinstack_local import ports
from pinstack_local.catalogue import (
    ALERTMANAGER_PORT,
    INFRASTRUCTURE_PORTS,
    KAFKA_PORT,
    MONITORING_PORTS,
    POSTGRES_PORT,
    PROMETHEUS_PORT,
    REDIS_PORT,
    ServiceSpec,
)
from pinstack_local.errors import InvalidSetting
from pinstack_local.ports import WantedPort
from pinstack_local.settings import StackSettings


@dataclass(frozen=True, slots=True)
class Instance:
    """One process of a service; replicas after the first are numbered from 2."""

    spec: ServiceSpec
    name: str
    host: str
    port: int
    admin_port: int

    @property
    def address(self) -> str:
        """`host:port` of what it serves."""
        return f"{self.host}:{self.port}"

    @property
    def admin_url(self) -> str:
        """The root of its admin port."""
        return f"http://{self.host}:{self.admin_port}"


class Layout:
    """The ports of a stack: those it was told, and free ones for the rest."""

    def __init__(self, settings: StackSettings) -> None:
        unknown = set(settings.replicas) - {spec.name for spec in settings.services}
        if unknown:
            raise InvalidSetting(f"replicas of unknown services: {', '.join(sorted(unknown))}")
        self._settings = settings
        self._found = ports.free_ports(self._count() * 2 + 5)
        self._free = list(self._found)
        self._wanted: list[WantedPort] = []
        self.postgres_port = self._port(POSTGRES_PORT, "PostgreSQL")
        self.redis_port = self._port(REDIS_PORT, "Redis")
        self.kafka_port = self._kafka_port()
        self.prometheus_port = self._port(PROMETHEUS_PORT, "Prometheus")
        self.alertmanager_port = self._port(ALERTMANAGER_PORT, "Alertmanager")
        self.instances = tuple(
            self._instance(spec, number)
            for spec in settings.services
            for number in range(1, settings.replicas.get(spec.name, 1) + 1)
        )

    @contextmanager
    def claimed_ports(self) -> Iterator[None]:
        """Have all ports; raises PortsTaken if somebody else has one that was asked for.

        They stay this stack's while a process of it is down, whoever looks for a free one.
        """
        ports.require_free(self._wanted, self._settings.host)
        given = {each.port for each in self._wanted}.union(self._found).difference(self._free)
        with ports.reserved(given, self._settings.host):
            yield

    def _count(self) -> int:
        return sum(self._settings.replicas.get(spec.name, 1) for spec in self._settings.services)

    def _kafka_port(self) -> int:
        """The first broker's port; 0 for free ones, and for the embedded broker, which picks."""
        first = self._settings.ports.get(KAFKA_PORT, 0)
        if self._settings.broker == "embedded" or not first:
            return 0
        for number in range(self._settings.kafka_brokers):
            self._wanted.append(WantedPort(first + number, KAFKA_PORT, "Kafka"))
        return first

    def _instance(self, spec: ServiceSpec, number: int) -> Instance:
        first = number == 1
        return Instance(
            spec=spec,
            name=spec.name if first else f"{spec.name}-{number}",
            host=self._settings.reachable_host,
            port=self._port(spec.port_variable, spec.name) if first else self._free.pop(),
            admin_port=(
                self._port(spec.admin_port_variable, f"the admin port of {spec.name}")
                if first
                else self._free.pop()
            ),
        )

    def _port(self, variable: str, purpose: str) -> int:
        told = self._settings.ports.get(variable, 0)
        is_used = (
            self._settings.with_services or variable in INFRASTRUCTURE_PORTS | MONITORING_PORTS
        )
        if told and is_used:
            self._wanted.append(WantedPort(told, variable, purpose))
        return told or self._free.pop()
