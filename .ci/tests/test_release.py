"""A release's files, and that workflows do nothing that a person can't do by make."""

import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def release(part: str, version: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603
        [str(ROOT / ".ci" / "release"), part, version],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DIST": str(folder)},
    )


def test_the_archive_has_every_contract_and_is_the_same_each_time(tmp_path: Path) -> None:
    archives = []
    for name in ("first", "second"):
        assert release("contracts", "v9.9.9", tmp_path / name).returncode == 0
        archives.append(tmp_path / name / "pinstack-contracts-9.9.9.tar.gz")
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with tarfile.open(archives[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    protos = ROOT.glob("proto-definitions/pinstack_proto/**/*.proto")
    assert names >= {str(path.relative_to(ROOT)) for path in protos}
    assert names >= {"api-gateway/openapi.json", "docs/asyncapi.yaml"}


def test_a_version_that_the_changelog_does_not_know_is_no_release(tmp_path: Path) -> None:
    done = release("notes", "9.9.9", tmp_path)
    assert done.returncode == 1
    assert "no section [9.9.9]" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_version_that_the_packages_do_not_bear_is_no_release(tmp_path: Path) -> None:
    done = release("all", "9.9.9", tmp_path)
    assert done.returncode == 1
    for name in ("user-service/pyproject.toml", "infra/kubernetes/overlays/prod/"):
        assert name in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_notes_are_the_section_of_the_changelog(tmp_path: Path) -> None:
    assert release("notes", "Unreleased", tmp_path).returncode == 0
    notes = (tmp_path / "notes-Unreleased.md").read_text()
    assert "### Added" in notes
    assert "## [" not in notes


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_make_targets_that_there_are(path: Path) -> None:
    text = MAKEFILE + (ROOT / "infra" / "deployment.mk").read_text()
    there = set(re.findall(r"^([\w %-]+):", text, re.MULTILINE))
    known = {name for names in there for name in names.split()}
    called = [target for run in runs(path) for target in made_by(run.partition("#")[0])]
    assert called
    assert not [name for name in called if name not in known]


def test_ci_runs_what_a_person_runs_and_what_takes_longer_or_asks_the_network() -> None:
    called = {target for run in runs(WORKFLOWS[0]) for target in made_by(run.partition("#")[0])}
    listed = re.search(r"^ci-local: install (.*) ##.* but for (.*)$", MAKEFILE, re.MULTILINE)
    assert listed
    longer = {*listed[2].split(", "), "start-dev-light", "stop-dev-full"}
    parts = {"tools", "test", "test-unit", "test-integration"}  # `make test` has the latter two
    assert called == {*listed[1].split()} | longer | parts


def test_only_the_publishing_of_a_release_is_no_make_target() -> None:
    others = [run for path in WORKFLOWS for run in runs(path) if not run.startswith("make ")]
    assert len(others) == 1
    assert "gh release create" in others[0]


def runs(path: Path) -> list[str]:
    """What the steps of a workflow run, with every value of a matrix."""
    workflow = yaml.safe_load(path.read_text())
    found = []
    for job in workflow["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        targets = matrix.get("target", []) + [one["target"] for one in matrix.get("include", [])]
        for step in job.get("steps", []):
            run: Any = step.get("run", "")
            if "${{ matrix.target }}" in run:
                found += [run.replace("${{ matrix.target }}", target) for target in targets]
            elif run:
                found.append(run)
    return found


def made_by(run: str) -> list[str]:
    """The targets of a call of make."""
    words = run.split()
    return [word for word in words[1:] if "=" not in word] if words[0] == "make" else []
