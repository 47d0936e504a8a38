"""Who talks to whom: the settings of the services, Compose and Prometheus agree with one table."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pinstack_local.catalogue import SERVICES, ServiceSpec
from pydantic_settings import BaseSettings
from service_kit.config import KafkaSettings, RedisSettings

ROOT = Path(__file__).resolve().parents[2]
ARROWS: dict[str, list[str]] = yaml.safe_load((ROOT / "infra" / "arrows.yaml").read_text())
NAMES = {spec.address_variable: spec.name for spec in SERVICES}
ONCE = {"topics", *(f"{spec.prefix.lower()}-migrate" for spec in SERVICES)}
OUTSIDE = {"object-store"}
every_service = pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)


@every_service
def test_a_service_is_told_where_those_are_that_it_calls_and_no_others(spec: ServiceSpec) -> None:
    settings = importlib.import_module(f"{spec.command[-1]}.config").Settings
    assert set(targets(settings, spec)) == set(ARROWS[spec.name])


@every_service
def test_a_container_waits_for_those_that_it_calls(spec: ServiceSpec) -> None:
    compose = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())["services"]
    waited = compose[spec.name]["depends_on"]
    assert set(waited) - ONCE - {"postgres"} == set(ARROWS[spec.name]) - OUTSIDE
    for target in set(waited) - ONCE:
        assert waited[target]["condition"] == "service_healthy"
        assert target.endswith("-service") or "healthcheck" in compose[target]


@every_service
def test_a_container_finds_those_that_it_calls(spec: ServiceSpec) -> None:
    compose = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())["services"]
    told = compose[spec.name]["environment"]
    addresses = {
        NAMES[name]: value for name, value in told.items() if name.endswith("_GRPC_ADDRESS")
    }
    ports = {one.name: one.port for one in SERVICES}
    assert addresses == {
        name: f"{name}:{ports[name]}" for name in ARROWS[spec.name] if name.endswith("-service")
    }
    assert ("REDIS_URL" in told) == ("redis" in ARROWS[spec.name])
    assert ("KAFKA_BOOTSTRAP_SERVERS" in told) == ("kafka" in ARROWS[spec.name])


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("monitoring/prometheus/prometheus.yml", "127.0.0.1"),
        ("monitoring/prometheus/compose.yml", ""),
    ],
)
def test_prometheus_scrapes_every_process_that_has_an_arrow(path: str, host: str) -> None:
    configuration = yaml.safe_load((ROOT / path).read_text())
    (job,) = (one for one in configuration["scrape_configs"] if one["job_name"] == "pinstack")
    scraped = {one["labels"]["app"]: one["targets"] for one in job["static_configs"]}
    assert scraped.keys() == ARROWS.keys()
    assert scraped == {spec.name: [f"{host or spec.name}:{spec.admin_port}"] for spec in SERVICES}


def targets(settings: type[BaseSettings], spec: ServiceSpec) -> list[str]:
    """What a settings class, and the sections within it, have an address of."""
    found = [f"{spec.prefix.lower()}-db"] if "database_url" in settings.model_fields else []
    for section in sections(settings):
        if section is RedisSettings:
            found.append("redis")
        elif section is KafkaSettings:
            found.append("kafka")
        if section.model_config.get("env_prefix") == "POST_MEDIA_":
            found.append("object-store")
        variables = {name.upper() for name in section.model_fields}
        found += [NAMES[variable] for variable in variables & NAMES.keys()]
    return found


def sections(settings: type[BaseSettings]) -> list[Any]:
    return [
        field.annotation
        for field in settings.model_fields.values()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings)
    ]
