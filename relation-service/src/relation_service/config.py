"""Settings of relation-service."""

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


class Settings(BaseSettings):
    """Everything that differs from one deployment to the next."""

    model_config = section("RELATION_")

    grpc_port: Port = Field(50054, description="Port of relation.v1.RelationService.")
    admin_port: Port = Field(8085, description="Port of health and metrics.")
    database_url: DatabaseUrl = Field(
        description="postgresql:// address of this service's database."
    )

    process: ProcessSettings = Field(default_factory=ProcessSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    grpc: GrpcSettings = Field(default_factory=GrpcSettings)
    peers: PeerSettings = Field(default_factory=PeerSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
