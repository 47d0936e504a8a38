"""The platform that a run harms: real servers, and services that may have a planted fault."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from pinstack_local.catalogue import SERVICES, ServiceSpec
from pinstack_local.settings import StackSettings

from chaos.settings import ChaosSettings

_PAIRED: Final = ("api-gateway", "notification-service")
"""Two of these at least: clients find another gateway, and the consumer group rebalances."""

_PLANTED: Final = {
    "relay-skips": "relation-service",
    "commit-first": "notification-service",
    "inbox-without-key": "notification-service",
}


def stack_settings(settings: ChaosSettings, folder: Path) -> StackSettings:
    """A stack in `folder`, on free ports, with a real Apache Kafka."""
    replicas = {
        spec.name: max(settings.replicas, 2 if spec.name in _PAIRED else 1) for spec in SERVICES
    }
    return StackSettings(
        data_dir=folder,
        broker="kafka",
        kafka_brokers=settings.brokers,
        replicas=replicas,
        environment={"RATE_LIMIT_ENABLED": "false"},
        services=tuple(_planted(spec, settings.plant) for spec in SERVICES),
        start_timeout=180,
    )


def _planted(spec: ServiceSpec, plant: str) -> ServiceSpec:
    """The service itself, or with the fault that the checker has to find."""
    if _PLANTED.get(plant) != spec.name:
        return spec
    launcher = str(Path(__file__).with_name("planted.py"))
    return replace(spec, command=(sys.executable, "-P", launcher, plant, spec.command[-1]))
