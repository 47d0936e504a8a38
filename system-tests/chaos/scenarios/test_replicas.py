"""Two replicas of everything, one of which dies, freezes or ends, again and again."""

import pytest
from pinstack_local.catalogue import SERVICES

from chaos.scenarios.conftest import Play
from chaos.settings import ChaosSettings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]


def test_replicas_come_and_go_without_a_lost_or_doubled_effect(play: Play) -> None:
    services = tuple(spec.name for spec in SERVICES)
    figures = play(ChaosSettings(45, seed=21, replicas=2, targets=services))
    assert figures["findings"] == []
    assert figures["faults"] >= 5
    assert figures["acknowledged"] > 0.9 * figures["requests"]


def test_an_outage_of_all_brokers_loses_nothing_and_drains_within_half_a_minute(
    play: Play,
) -> None:
    figures = play(ChaosSettings(seed=31, outage=15))
    assert figures["findings"] == []
    assert figures["unknown"] == 0  # nobody waits for a broker
    assert figures["drained_after_outage_seconds"] <= 30
