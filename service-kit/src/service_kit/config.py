"""Settings from the environment, in sections; what is bad is named, its value never shown."""

import sys
from datetime import timedelta
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 is any free one."""


class OneOf:
    """Holds a secret address to these schemes; what it says has nothing of the address.

    A driver would find out later: as a service that is away for ever, or with a traceback.
    """

    def __init__(self, *schemes: str) -> None:
        self._schemes = schemes

    def __call__(self, url: SecretStr) -> SecretStr:
        if _scheme_of(url.get_secret_value()) not in self._schemes:
            known = " or ".join(f"{scheme}://" for scheme in self._schemes)
            raise PydanticCustomError("address", f"Should be an address that begins with {known}")
        return url


def _scheme_of(url: str) -> str | None:
    """The scheme of an address, None where a port in it is no number."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    # PostgreSQL's may name several hosts, which urlsplit's own port cannot read.
    hosts = parts.netloc.rpartition("@")[2].split(",")
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts]
    return parts.scheme if all(port.isdecimal() for port in ports if port) else None


DatabaseUrl = Annotated[SecretStr, AfterValidator(OneOf("postgresql", "postgres"))]
"""Where a database is, with the password of its role."""

RedisUrl = Annotated[SecretStr, AfterValidator(OneOf("redis", "rediss", "unix"))]


def section(prefix: str) -> SettingsConfigDict:
    """The model config of a settings section whose variables all begin with `prefix`."""
    return SettingsConfigDict(
        env_prefix=prefix,
        hide_input_in_errors=True,
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
    )


class PostgresSettings(BaseSettings):
    """The pool of connections to this service's own database."""

    model_config = section("POSTGRES_")

    pool_min: int = Field(2, ge=0, description="Connections kept open.")
    pool_max: int = Field(10, ge=1, description="Connections opened at the most.")
    statement_timeout_seconds: float = Field(
        5.0, gt=0, description="A statement that takes longer is cancelled."
    )
    acquire_timeout_seconds: float = Field(
        3.0, gt=0, description="How long a request waits for a connection."
    )

    @field_validator("pool_max")
    @classmethod
    def _is_not_below_the_least(cls, most: int, info: ValidationInfo) -> int:
        if most < info.data.get("pool_min", most):
            raise PydanticCustomError("pool", "Should be at least POSTGRES_POOL_MIN")
        return most


class RedisSettings(BaseSettings):
    """The cache; everything works, slower, when it is away."""

    model_config = section("REDIS_")

    url: RedisUrl = Field(SecretStr("redis://127.0.0.1:6379/0"), description="Where the cache is.")
    timeout_seconds: float = Field(
        0.25, gt=0, description="A cache that answers later counts as away."
    )


class KafkaSettings(BaseSettings):
    """The event log."""

    model_config = section("KAFKA_")

    bootstrap_servers: str = Field(
        "127.0.0.1:9092", description="Brokers to ask first, separated by commas."
    )
    topic_partitions: int = Field(6, ge=1, description="Partitions of a topic that is made.")
    topic_replication: int = Field(1, ge=1, description="Replicas of a topic that is made.")
    topic_retention_days: int = Field(
        7, ge=1, description="How long a topic that is made keeps its events."
    )

    @property
    def topic_kept(self) -> timedelta:
        """The same as a time."""
        return timedelta(days=self.topic_retention_days)


class GrpcSettings(BaseSettings):
    """How services speak to each other."""

    model_config = section("GRPC_")

    deadline_seconds: float = Field(
        2.0, gt=0, description="Deadline of a call whose caller has none of its own."
    )
    max_concurrent_calls: int = Field(
        1000, ge=1, description="Calls served at once; more are refused as RESOURCE_EXHAUSTED."
    )
    connection_seconds: float = Field(
        300.0,
        gt=0,
        description="A server lets its clients connect anew so often: they find new replicas.",
    )
    tls_cert: str = Field(
        "", description="PEM file: this service's certificate (empty: plaintext)."
    )
    tls_key: str = Field("", description="PEM file: the key of that certificate.")
    tls_ca: str = Field("", description="PEM file: who signs the certificates of the other side.")

    @field_validator("tls_ca")
    @classmethod
    def _is_there_with_the_others(cls, authority: str, info: ValidationInfo) -> str:
        # Without this check a key and an authority without a certificate would mean plaintext.
        others = {bool(info.data.get("tls_cert")), bool(info.data.get("tls_key"))}
        if others != {bool(authority)}:
            message = "Should be set with GRPC_TLS_CERT and GRPC_TLS_KEY, or none of the three"
            raise PydanticCustomError("tls", message)
        return authority


class TelemetrySettings(BaseSettings):
    """Where traces go; metrics are scraped and logs are on stdout."""

    model_config = section("OTEL_")

    exporter_otlp_endpoint: str = Field(
        "", description="OTLP/gRPC collector, e.g. http://tempo:4317 (empty: no traces)."
    )
    traces_sampler_arg: float = Field(
        1.0, ge=0, le=1, description="Share of traces that are kept where no parent decided."
    )


class TokenSettings(BaseSettings):
    """What the one who signs access tokens and the one who verifies them must agree on."""

    model_config = section("TOKEN_")

    issuer: str = Field("https://pinstack.local", min_length=1, description="The claim `iss`.")
    audience: str = Field("pinstack-api", min_length=1, description="The claim `aud`.")


class ProcessSettings(BaseSettings):
    """What every process has."""

    model_config = section("")

    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level logged."
    )
    bind_host: str = Field(
        "127.0.0.1", description="Address to listen on (0.0.0.0 in a container)."
    )
    drain_seconds: float = Field(
        10.0, ge=0, description="Time for requests in flight after SIGTERM."
    )


S = TypeVar("S", bound=BaseSettings)


def load(settings: type[S]) -> S:
    """Settings from the environment; on a missing or bad variable says which and exits with 2."""
    try:
        return settings()
    except ValidationError as error:
        for line in complaints(error, settings):
            print(line, file=sys.stderr)
        raise SystemExit(2) from None


def complaints(error: ValidationError, settings: type[BaseSettings]) -> list[str]:
    """One line a variable that is missing or bad, with its reason and never its value."""
    prefix = _prefix_of(error.title, settings)
    found = error.errors(include_input=False, include_url=False, include_context=False)
    # What follows the first part of a location is where in the value, not of the variable's name.
    return [
        f"configuration: {prefix}{str(item['loc'][0]).upper()}: {item['msg']}" for item in found
    ]


def _prefix_of(title: str, settings: type[BaseSettings]) -> str:
    """The prefix of the section that a validation error names, or of the settings themselves."""
    sections = [
        field.annotation
        for field in settings.model_fields.values()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings)
    ]
    found = next((known for known in [*sections, settings] if known.__name__ == title), settings)
    return str(found.model_config.get("env_prefix", "")).upper()
