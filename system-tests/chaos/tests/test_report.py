"""What a run is told, and what it tells."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from chaos import report, timeline
from chaos.findings import crashed, lost, out_of_order
from chaos.machine import Injury
from chaos.settings import ChaosSettings, InvalidChoice
from chaos.tests.histories import MAYBE, NO, History

INJURIES = [Injury(6.0, "redis", "flush", 0.0, 0.1), Injury(9.5, "kafka <2>", "kill", 3.0, 8.2)]


def test_a_report_counts_what_was_asked_and_what_is_wrong(tmp_path: Path) -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada", MAYBE)
    history.register("linus", NO)
    findings = [lost("a follow"), lost("a post"), out_of_order("a post"), crashed("a service")]
    figures = report.report(ChaosSettings(), history.ledger, INJURIES, findings, seed=3)
    report.write(tmp_path / "report.json", figures)
    written = json.loads((tmp_path / "report.json").read_text())
    counted = ("requests", "acknowledged", "refused", "unknown", "faults")
    assert [written[name] for name in counted] == [4, 2, 1, 1, 2]
    wrong = ("lost", "doubled", "out_of_order", "inconsistent", "crashed")
    assert [written[name] for name in wrong] == [2, 0, 1, 0, 1]
    assert written["slowest_recovery_seconds"] == 8.2
    assert written["seed"] == 3
    assert "lost: a post" in report.summary(figures)


def test_a_timeline_is_a_picture_with_a_lane_for_each_target(tmp_path: Path) -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada", MAYBE)
    timeline.draw(tmp_path / "timeline.svg", history.ledger, INJURIES, "seed 1 & more")
    picture = ElementTree.parse(tmp_path / "timeline.svg")  # noqa: S314 -- our own
    texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"redis", "kafka <2>", "seed 1 & more"} <= texts


def test_a_run_is_told_by_its_environment() -> None:
    told = {"CHAOS_SECONDS": "60", "CHAOS_SEED": "7", "CHAOS_BROKERS": "1", "PLANT": ""}
    assert ChaosSettings.from_environment(told) == ChaosSettings(60.0, 7)
    several = ChaosSettings.from_environment({**told, "CHAOS_TARGETS": "redis,kafka"})
    assert several.targets == ("redis", "kafka")


@pytest.mark.parametrize(
    ("name", "value"),
    [("CHAOS_SECONDS", "long"), ("CHAOS_RATE", "-1"), ("PLANT", "a-tree")],
)
def test_a_variable_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidChoice, match=name):
        ChaosSettings.from_environment({name: value})
