"""Settings of notification-service."""

from pydantic import Field
from pydantic_settings import BaseSettings
from service_kit.config import (
    DatabaseUrl,
    GrpcSettings,
    KafkaSettings,
    Port,
    PostgresSettings,
    ProcessSettings,
    RedisSettings,
    TelemetrySettings,
    section,
)


class PeerSettings(BaseSettings):
    """The services that this one calls."""

    model_config = section("")

    user_grpc_address: str = Field("127.0.0.1:50051", description="Where user-service is.")
    relation_grpc_address: str = Field("127.0.0.1:50054", description="Where relation-service is.")


class Settings(BaseSettings):
    """Everything that differs from one deployment to the next."""

    model_config = section("NOTIFICATION_")

    grpc_port: Port = Field(50055, description="Port of notification.v1.NotificationService.")
    admin_port: Port = Field(8084, description="Port of health and metrics.")
    database_url: DatabaseUrl = Field(
        description="postgresql:// address of this service's database."
    )
    fanout_batch: int = Field(
        2000, ge=1, le=10_000, description="Followers who are told of posts in one transaction."
    )
    fanout_workers: int = Field(4, ge=1, le=32, description="Batches in work at the same time.")
    heartbeat_seconds: float = Field(
        10.0, gt=0, description="A live stream that is quiet for so long says that it lives."
    )
    stream_buffer_bytes: int = Field(
        16 * 1024 * 1024,
        ge=64 * 1024,
        description="A live stream whose reader is so far behind is ended.",
    )
    retention_days: int = Field(90, ge=1, description="Older notifications are deleted.")
    trace_days: int = Field(
        7, ge=1, description="How long it is known why somebody was not told, and what was pushed."
    )
    most_traces: int = Field(
        1_000_000, ge=0, description="Of either of these the newest so many are kept."
    )
    tombstone_days: int = Field(7, ge=1, description="Withdrawn ones are deleted sooner.")

    process: ProcessSettings = Field(default_factory=ProcessSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    grpc: GrpcSettings = Field(default_factory=GrpcSettings)
    peers: PeerSettings = Field(default_factory=PeerSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
