"""Settings of user-service."""

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


class Settings(BaseSettings):
    """Everything that differs from one deployment to the next."""

    model_config = section("USER_")

    grpc_port: Port = Field(50051, description="Port of user.v1.UserService.")
    admin_port: Port = Field(8081, description="Port of health and metrics.")
    database_url: DatabaseUrl = Field(
        description="postgresql:// address of this service's database."
    )

    process: ProcessSettings = Field(default_factory=ProcessSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    grpc: GrpcSettings = Field(default_factory=GrpcSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
