"""What a stack is told: by its environment, or by a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from pinstack_local.catalogue import (
    INFRASTRUCTURE_PORTS,
    MONITORING_PORTS,
    SERVICES,
    ServiceSpec,
)
from pinstack_local.certificates import OPERATOR
from pinstack_local.errors import InvalidSetting
from pinstack_local.ports import LOOPBACK

BrokerKind = Literal["embedded", "kafka"]
BROKER_KINDS = ("embedded", "kafka")

YES = ("yes", "true", "on", "1")
NO = ("no", "false", "off", "0")


def repository_root() -> Path:
    """Return the folder that has the services: above this package, or else the current one."""
    root = Path(__file__).resolve().parents[4]
    return root if (root / "api-gateway").is_dir() else Path.cwd()


@dataclass(frozen=True, slots=True)
class StackSettings:
    """A whole stack.

    `ports` maps variables such as USER_GRPC_PORT to port numbers; what it lacks gets a free port.
    `environment` is for the services and wins over everything else. `replicas` maps service names
    to counts. `durable=False` trades crash safety of PostgreSQL and Redis for speed. Without
    `with_services` the stack is the infrastructure, with the services' databases. With `grpc_tls`
    the services know each other by certificates; `monitoring` adds Prometheus and Alertmanager.
    """

    data_dir: Path
    root: Path = field(default_factory=repository_root)
    broker: BrokerKind = "embedded"
    kafka_brokers: int = 1
    ports: Mapping[str, int] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    services: tuple[ServiceSpec, ...] = SERVICES
    with_services: bool = True
    monitoring: bool = False
    host: str = LOOPBACK
    durable: bool = True
    restart: bool = True
    grpc_tls: bool = False
    start_timeout: float = 60
    drain_seconds: float = 10

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "StackSettings":
        """Read what `make run` is told; raises InvalidSetting naming the variable."""
        monitoring = _flag(environment, "MONITORING", False)
        return cls(
            data_dir=Path(environment.get("PINSTACK_DATA_DIR") or ".data").absolute(),
            broker=broker_kind(environment),
            kafka_brokers=_number(environment, "KAFKA_BROKERS", 1, 1, 9),
            ports={
                name: _number(environment, name, port) for name, port in _default_ports(monitoring)
            },
            monitoring=monitoring,
            host=environment.get("BIND_HOST") or LOOPBACK,
            restart=_flag(environment, "PINSTACK_RESTART", True),
            grpc_tls=_flag(environment, "GRPC_TLS", False),
            start_timeout=_number(environment, "PINSTACK_START_TIMEOUT", 60, 1, 3600),
            drain_seconds=_seconds(environment, "DRAIN_SECONDS", 10),
        )

    @property
    def reachable_host(self) -> str:
        """The address at which the services are found from this machine."""
        return LOOPBACK if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104

    @property
    def certificates(self) -> Path:
        """The folder of the services' certificates."""
        return self.data_dir.absolute() / "certificates"

    @property
    def certified_names(self) -> list[str]:
        """Who has a certificate: each service, and whoever runs commands."""
        return [*(spec.name for spec in self.services), OPERATOR]


def broker_kind(environment: Mapping[str, str]) -> BrokerKind:
    """Return what BROKER asks for; `embedded` if it is not set."""
    kind = environment.get("BROKER") or "embedded"
    if kind not in BROKER_KINDS:
        raise InvalidSetting(f"BROKER={kind} is unknown: it can be {' or '.join(BROKER_KINDS)}")
    return cast(BrokerKind, kind)


def _default_ports(monitoring: bool) -> list[tuple[str, int]]:
    pairs = list((INFRASTRUCTURE_PORTS | (MONITORING_PORTS if monitoring else {})).items())
    for spec in SERVICES:
        pairs += [(spec.port_variable, spec.port), (spec.admin_port_variable, spec.admin_port)]
    return pairs


def _number(
    environment: Mapping[str, str], name: str, default: int, low: int = 1, high: int = 65535
) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise InvalidSetting(f"{name}={text} must be a number from {low} to {high}")
    return int(text)


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        return float(text)
    except ValueError:
        raise InvalidSetting(f"{name}={text} must be a number of seconds") from None


def _flag(environment: Mapping[str, str], name: str, default: bool) -> bool:
    text = (environment.get(name) or (YES if default else NO)[0]).lower()
    if text not in YES + NO:
        raise InvalidSetting(f"{name}={text} must be yes or no")
    return text in YES
