"""docs/security.md names tests that exist, and every chapter that it has to speak of."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
_NAMED = re.compile(r"`([\w/.-]+\.py)::(test_\w+)`")
_DEFINED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
CHAPTERS = range(6, 11)


def test_every_test_that_the_document_names_exists() -> None:
    named = _NAMED.findall(DOCUMENT.read_text())
    assert named
    missing = {
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).exists() or test not in _DEFINED.findall((ROOT / path).read_text())
    }
    assert missing == set(), "name another test, or say that it is a gap"


def test_a_test_is_named_with_its_file() -> None:
    text = _NAMED.sub("", DOCUMENT.read_text())
    assert re.findall(r"\btest_\w+", text) == []


def test_identity_is_covered_chapter_by_chapter() -> None:
    text = DOCUMENT.read_text()
    assert all(f"\n## V{chapter} " in text for chapter in CHAPTERS)


def test_each_row_has_a_test_or_a_reason() -> None:
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    assert len(rows) > len(CHAPTERS)
    for row in rows:
        *_, reason = row.strip("|").rsplit(" | ", 1)
        assert reason.strip(), row
