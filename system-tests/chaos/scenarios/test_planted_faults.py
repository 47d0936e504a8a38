"""The checker finds what is wrong with a platform that has a fault in it."""

import pytest

from chaos.scenarios.conftest import Play
from chaos.settings import ChaosSettings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]

BRIEF = 30.0


def test_a_relay_that_skips_a_row_loses_events(play: Play) -> None:
    figures = play(ChaosSettings(BRIEF, seed=11, plant="relay-skips", targets=("redis",)))
    assert figures["lost"] > 0
    assert figures["crashed"] == 0  # the fault is the planted one


def test_a_consumer_that_commits_first_loses_events(play: Play) -> None:
    killed = ("notification-service",)
    figures = play(ChaosSettings(BRIEF, seed=12, plant="commit-first", targets=killed))
    assert figures["lost"] > 0
    assert figures["crashed"] == 0  # the fault is the planted one


def test_an_inbox_without_its_key_doubles_effects(play: Play) -> None:
    killed = ("notification-service",)
    figures = play(ChaosSettings(BRIEF, seed=17, plant="inbox-without-key", targets=killed))
    assert figures["doubled"] > 0
    assert figures["crashed"] == 0  # the fault is the planted one
