"""Secrets are made once and nobody else can read them."""

import stat
from pathlib import Path

from pinstack_local import private_files


def test_secrets_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = private_files.remembered_secrets(path, ["a", "b"])
    assert private_files.remembered_secrets(path, ["a", "b"]) == first
    assert first["a"] != first["b"]


def test_a_new_secret_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = private_files.remembered_secrets(path, ["a"])
    second = private_files.remembered_secrets(path, ["a", "b"])
    assert second["a"] == first["a"]
    assert len(second["b"]) >= 32


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    private_files.remembered_secrets(path, ["a"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
