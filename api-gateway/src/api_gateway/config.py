"""What the gateway is told by its environment."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode
from service_kit.config import (
    GrpcSettings,
    Port,
    ProcessSettings,
    RedisSettings,
    TelemetrySettings,
    TokenSettings,
    section,
)

from api_gateway.domain.limit import Limit

Network = IPv4Network | IPv6Network


class GatewaySettings(BaseSettings):
    """The edge itself."""

    model_config = section("GATEWAY_")

    port: Port = Field(8080, description="Where clients come in.")
    admin_port: Port = Field(8086, description="Health and metrics; never exposed.")
    workers: int = Field(1, ge=1, le=64, description="Processes that share the port.")
    public_reads: bool = Field(False, description="Reads need no token, and ignore one.")
    compat: bool = Field(
        False, description="Serve clients of the first gateway: public reads, e-mail everywhere."
    )
    cursor_secret: SecretStr = Field(
        min_length=16,
        description="Signs cursors, and bodies with an Idempotency-Key; the same on every replica.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins that browsers may call from, separated by commas; * is any."
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks whose X-Forwarded-For is believed, separated by commas."
    )
    max_concurrent_requests: int = Field(
        512,
        ge=1,
        description="Requests answered at once by a process; more get 503. Far fewer for a service "
        "while its queue stands: as many as it can serve.",
    )
    max_concurrent_passwords: int = Field(
        400, ge=1, description="The same for requests that hash a password, which have own places."
    )
    request_timeout_seconds: float = Field(
        5.0, gt=0, description="A request that takes longer is answered with 504."
    )
    password_timeout_seconds: float = Field(
        15.0, gt=0, description="The same for one that hashes a password, which waits its turn."
    )
    max_body_bytes: int = Field(
        1024 * 1024, ge=1024, description="A larger request body is answered with 413."
    )
    media_max_bytes: int = Field(
        101 * 1024 * 1024, ge=1024, description="The same for a file, or a piece of one."
    )
    media_timeout_seconds: float = Field(
        600.0, gt=0, description="Sending or reading a file may take as long."
    )
    media_idle_seconds: float = Field(
        20.0, gt=0, description="A client that sends nothing of a file for longer gets 408."
    )
    keep_alive_seconds: int = Field(
        75,
        ge=1,
        description="Seconds that an idle connection is kept: more than a proxy in front keeps it, "
        "or a request that it sends just then is lost.",
    )
    max_sockets: int = Field(
        10_000, ge=1, description="Live connections a process holds at the most."
    )
    max_sockets_per_user: int = Field(
        10, ge=1, description="Live connections of one user that a process holds at the most."
    )

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @property
    def reads_are_open(self) -> bool:
        """Whether reads ignore tokens."""
        return self.public_reads or self.compat


class RateLimitSettings(BaseSettings):
    """Requests a minute, all of them at once if the caller likes."""

    model_config = section("RATE_LIMIT_")

    enabled: bool = Field(True, description="Off for load tests only.")
    anonymous_per_minute: int = Field(1200, ge=1, description="Per address, without a token.")
    user_per_minute: int = Field(1200, ge=1, description="Per user.")
    register_per_minute: int = Field(60, ge=1, description="POST /auth/register, per address.")
    login_per_minute: int = Field(60, ge=1, description="POST /auth/login, per address.")
    refresh_per_minute: int = Field(120, ge=1, description="POST /auth/refresh, per address.")
    send_per_minute: int = Field(60, ge=1, description="POST /notification/send, per user.")

    def by_scope(self) -> dict[str, Limit]:
        """The limits by the names that operations know them by."""
        counts = {
            "anonymous": self.anonymous_per_minute,
            "user": self.user_per_minute,
            "register": self.register_per_minute,
            "login": self.login_per_minute,
            "refresh": self.refresh_per_minute,
            "send": self.send_per_minute,
        }
        return {scope: Limit(scope, count) for scope, count in counts.items()}


def _peer(default_port: int, name: str) -> str:
    """A field whose variable is X_GRPC_ADDRESS."""
    address: str = Field(
        f"127.0.0.1:{default_port}",
        pattern=r"^[^\s,]+:\d+(,\s*[^\s,]+:\d+)*$",
        description=f"{name}: host:port, separated by commas where it has replicas.",
    )
    return address


class PeerSettings(BaseSettings):
    """Where the services behind the gateway are."""

    model_config = section("")

    user_grpc_address: str = _peer(50051, "user-service")
    auth_grpc_address: str = _peer(50052, "auth-service")
    post_grpc_address: str = _peer(50053, "post-service")
    relation_grpc_address: str = _peer(50054, "relation-service")
    notification_grpc_address: str = _peer(50055, "notification-service")


class Settings(BaseSettings):
    """Everything that the gateway is told."""

    model_config = section("")

    process: ProcessSettings = Field(default_factory=ProcessSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
    grpc: GrpcSettings = Field(default_factory=GrpcSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    tokens: TokenSettings = Field(default_factory=TokenSettings)
    peers: PeerSettings = Field(default_factory=PeerSettings)
    limits: RateLimitSettings = Field(default_factory=RateLimitSettings)
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
