"""`make help` lists every target, in every folder; and there are the targets that people know."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.check_output(["git", "ls-files", "*Makefile"], cwd=ROOT, text=True)  # noqa: S607
FOLDERS = sorted(str(Path(name).parent) for name in TRACKED.split())
# What Pinstack has always had under these names.
PROMISED = """
run demo install test quick-test fmt lint test-unit test-integration test-system test-all ci-local
bench chaos proto proto-check migrate-up migrate-down migrate-status
start-infrastructure stop-infrastructure clean-infrastructure
start-dev-full start-dev-light stop-dev-full clean-dev-full
start-monitoring start-prometheus-stack start-elk-stack check-monitoring-health
setup-system-tests setup-monitoring logs-<service>
redis-cli redis-flush events-tail events-dlq help
"""


@pytest.mark.parametrize("folder", FOLDERS)
def test_help_lists_every_target_once_with_what_it_does(folder: str) -> None:
    listed = [line.split(maxsplit=1) for line in helped(folder).splitlines()]
    assert all(len(words) == 2 for words in listed), listed
    names = [words[0] for words in listed]
    assert sorted(names) == sorted(targets(folder))


def test_there_are_the_targets_that_people_know() -> None:
    assert not set(PROMISED.split()) - set(re.findall(r"^  (\S+)", helped("."), re.MULTILINE))


@pytest.mark.parametrize("folder", sorted(set(FOLDERS) - {"."}))
def test_a_folder_installs_what_its_targets_need(folder: str) -> None:
    text = (ROOT / folder / "Makefile").read_text()
    bare = re.findall(r"^([a-z -]+):(?! install)[^#\n]*\n\t.*\$\(BIN\)", text, re.MULTILINE)
    assert not bare, "a target that uses .venv depends on `install`"


def helped(folder: str) -> str:
    command = ["make", "--no-print-directory", "-C", folder, "help"]
    return subprocess.check_output(command, cwd=ROOT, text=True)  # noqa: S603


def targets(folder: str) -> set[str]:
    """What a Makefile, and what it includes, calls phony, without the targets made of variables."""
    files = [ROOT / folder / "Makefile", *([ROOT / "infra/deployment.mk"] if folder == "." else [])]
    text = "".join(path.read_text() for path in files)
    phony = " ".join(re.findall(r"^\.PHONY: ([^$\n]*)$", text, re.MULTILINE))
    return set(phony.replace("%", "<service>").split())
