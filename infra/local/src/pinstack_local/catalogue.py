"""Which processes the platform has, with the names and default ports of the operations page."""

import sys
from dataclasses import dataclass

POSTGRES_PORT = "PINSTACK_POSTGRES_PORT"
REDIS_PORT = "PINSTACK_REDIS_PORT"
KAFKA_PORT = "PINSTACK_KAFKA_PORT"

PROMETHEUS_PORT = "PROMETHEUS_PORT"
ALERTMANAGER_PORT = "ALERTMANAGER_PORT"
MONITORING_PORTS = {PROMETHEUS_PORT: 9090, ALERTMANAGER_PORT: 9093}

# Not the usual ones: PostgreSQL, Redis or Kafka may already run on this machine.
INFRASTRUCTURE_PORTS = {POSTGRES_PORT: 15432, REDIS_PORT: 16379, KAFKA_PORT: 19092}


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service: `prefix` begins its variables; `secrets` are variables generated once.

    A service with a `database` gets a role and a database of that name, is migrated from
    `<name>/migrations` unless `migrated` is false, and serves gRPC; the gateway has none and
    serves HTTP.
    """

    name: str
    prefix: str
    command: tuple[str, ...]
    port: int
    admin_port: int
    database: str | None = None
    migrated: bool = True
    secrets: tuple[str, ...] = ()

    @property
    def port_variable(self) -> str:
        """The variable that chooses the port it serves."""
        return f"{self.prefix}_GRPC_PORT" if self.database else f"{self.prefix}_PORT"

    @property
    def admin_port_variable(self) -> str:
        """The variable that chooses the port of `/readyz` and `/metrics`."""
        return f"{self.prefix}_ADMIN_PORT"

    @property
    def address_variable(self) -> str:
        """The variable in which others find it."""
        return f"{self.prefix}_GRPC_ADDRESS"

    @property
    def database_variable(self) -> str:
        """The variable with the URL of its database."""
        return f"{self.prefix}_DATABASE_URL"


def _service(domain: str, port: int, admin_port: int, secrets: tuple[str, ...] = ()) -> ServiceSpec:
    module = f"{domain}_service"
    return ServiceSpec(
        name=f"{domain}-service",
        prefix=domain.upper(),
        command=(sys.executable, "-m", module),
        port=port,
        admin_port=admin_port,
        database=module,
        secrets=secrets,
    )


GATEWAY = ServiceSpec(
    name="api-gateway",
    prefix="GATEWAY",
    command=(sys.executable, "-m", "api_gateway"),
    port=8080,
    admin_port=8086,
    secrets=("GATEWAY_CURSOR_SECRET",),
)

SERVICES = (
    _service("user", 50051, 8081),
    _service("auth", 50052, 8082, secrets=("AUTH_KEY_SECRET",)),
    _service("post", 50053, 8083),
    _service("relation", 50054, 8085),
    _service("notification", 50055, 8084),
    GATEWAY,
)
