"""Settings from the environment."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings
from service_kit.config import (
    DatabaseUrl,
    GrpcSettings,
    PostgresSettings,
    RedisSettings,
    load,
    section,
)


class _Settings(BaseSettings):
    model_config = section("SAMPLE_")

    port: int = Field(ge=1, le=65535)
    database_url: DatabaseUrl = Field()
    networks: tuple[IPv4Address | IPv6Address, ...] = ()
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    grpc: GrpcSettings = Field(default_factory=GrpcSettings)


def _complaints(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stopped:
        load(_Settings)
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_a_missing_variable_is_named_and_ends_the_process_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAMPLE_PORT", "1")
    assert "SAMPLE_DATABASE_URL: Field required" in _complaints(capsys)


def test_a_bad_value_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAMPLE_PORT", "s3cret")
    monkeypatch.setenv("SAMPLE_DATABASE_URL", "postgresql://role:s3cret@host/name")
    complaints = _complaints(capsys)
    assert "SAMPLE_PORT" in complaints
    assert "s3cret" not in complaints


def test_a_bad_value_in_a_section_is_named_with_the_prefix_of_the_section(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAMPLE_PORT", "1")
    monkeypatch.setenv("SAMPLE_DATABASE_URL", "postgresql://role:s3cret@host/name")
    monkeypatch.setenv("POSTGRES_POOL_MAX", "many")
    assert "POSTGRES_POOL_MAX" in _complaints(capsys)


def test_a_secret_is_not_in_the_repr_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_PORT", "1")
    monkeypatch.setenv("SAMPLE_DATABASE_URL", "postgresql://role:s3cret@host/name")
    assert "s3cret" not in repr(load(_Settings))


GOOD = {"SAMPLE_PORT": "1", "SAMPLE_DATABASE_URL": "postgresql://role:s3cret@host/name"}

REFUSED_AS = {
    "POSTGRES_POOL_MIN": "POSTGRES_POOL_MAX",
    "GRPC_TLS_CERT": "GRPC_TLS_CA",
    "GRPC_TLS_KEY": "GRPC_TLS_CA",
}
"""Of several that do not go together the last one is named, and its reason names the others."""


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SAMPLE_DATABASE_URL", "s3cret"),
        ("SAMPLE_DATABASE_URL", "mysql://role:s3cret@host/name"),
        ("SAMPLE_DATABASE_URL", "postgresql://role:s3cret/@host:1/name"),
        ("SAMPLE_DATABASE_URL", "postgresql://role:s3cret@[::1/name"),
        ("REDIS_URL", "s3cret:6379"),
        ("REDIS_URL", "redis://host:s3cret/0"),
        ("SAMPLE_NETWORKS", '["s3cret"]'),
        ("POSTGRES_POOL_MIN", "11"),
        ("GRPC_TLS_CERT", "s3cret.pem"),
        ("GRPC_TLS_KEY", "s3cret.pem"),
        ("GRPC_TLS_CA", "s3cret.pem"),
    ],
)
def test_what_no_driver_could_use_is_named_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
) -> None:
    for name, good in (GOOD | {variable: value}).items():
        monkeypatch.setenv(name, good)
    lines = _complaints(capsys).splitlines()
    assert lines
    for line in lines:
        named = line.removeprefix("configuration: ").partition(": ")[0]
        assert named == REFUSED_AS.get(variable, variable)
        assert "s3cret" not in line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SAMPLE_DATABASE_URL", "postgres://role@[::1]:5432/name"),
        ("SAMPLE_DATABASE_URL", "postgresql://role:pw@one:5432,two:5433/name"),
        ("SAMPLE_DATABASE_URL", "postgresql:///name?host=/run/postgresql"),
        ("REDIS_URL", "rediss://:s3cret@host:6380/1"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("POSTGRES_POOL_MAX", "2"),
    ],
)
def test_what_a_driver_can_use_is_taken(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    for name, good in (GOOD | {variable: value}).items():
        monkeypatch.setenv(name, good)
    assert load(_Settings).port == 1
