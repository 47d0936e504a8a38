"""Settings of post-service."""

from pydantic import Field
from pydantic_settings import BaseSettings
from service_kit.config import (
    DatabaseUrl,
    GrpcSettings,
    KafkaSettings,
    Port,
    PostgresSettings,
    ProcessSettings,
    TelemetrySettings,
    section,
)


class MediaSettings(BaseSettings):
    """Pictures and clips that people upload."""

    model_config = section("POST_MEDIA_")

    store: str = Field(
        "file:///var/lib/pinstack/media",
        pattern=r"^(file:///|s3://)",
        description="Where files are: file:///folder, shared by all replicas, or s3://bucket with "
        "AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )
    url: str = Field(
        "http://127.0.0.1:8080/media",
        pattern=r"^https?://.*[^/]$",
        description="What clients put before the keys of files: GET /media of the public gateway.",
    )
    image_max_bytes: int = Field(
        10 * 1024 * 1024, ge=1024, description="A larger picture is refused."
    )
    video_max_bytes: int = Field(
        100 * 1024 * 1024, ge=1024, description="A larger clip is refused."
    )
    quota_bytes: int = Field(
        1024 * 1024 * 1024, ge=1024, description="What all uploads of one user may take."
    )
    max_pixels: int = Field(50_000_000, ge=1, description="A picture with more has failed.")
    workers: int = Field(1, ge=0, le=64, description="Files processed at once; 0 processes none.")
    share: float = Field(
        0.125,
        gt=0,
        le=1,
        description="Share of all processors that processing takes in the long run.",
    )
    saved_seconds: float = Field(
        4.0, gt=0, description="Processor time of processing that is saved up, to be taken at once."
    )
    max_concurrent_uploads: int = Field(
        16, ge=1, description="Files that arrive at once; more get 429."
    )


class Settings(BaseSettings):
    """Everything that differs from one deployment to the next."""

    model_config = section("POST_")

    grpc_port: Port = Field(50053, description="Port of post.v1.PostService.")
    admin_port: Port = Field(8083, description="Port of health and metrics.")
    database_url: DatabaseUrl = Field(
        description="postgresql:// address of this service's database."
    )

    media: MediaSettings = Field(default_factory=MediaSettings)
    process: ProcessSettings = Field(default_factory=ProcessSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    grpc: GrpcSettings = Field(default_factory=GrpcSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
