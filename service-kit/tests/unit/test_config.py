"""Settings from the environment."""

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from service_kit.config import PostgresSettings, load, section


class _Settings(BaseSettings):
    model_config = section("SAMPLE_")

    port: int = Field(ge=1, le=65535)
    database_url: SecretStr = Field()
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)


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
