"""Log lines as a collector sees them."""

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from service_kit import logs


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What a process that has configured its logs writes to stdout."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    logs.configure("sample", "INFO")
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _line(output: StringIO) -> dict[str, Any]:
    (line,) = output.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_a_line_is_one_json_object_with_service_level_time_and_context(
    output: StringIO,
) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1")
    logs.get("here").info("it\nhappened", count=2)
    line = _line(output)
    assert line["message"] == "it\nhappened"
    assert (line["service"], line["level"], line["request_id"]) == ("sample", "info", "r-1")
    assert (line["logger"], line["count"]) == ("here", 2)
    assert line["timestamp"].endswith("Z")


def test_a_line_of_a_library_looks_like_our_own(output: StringIO) -> None:
    logging.getLogger("library").warning("careful: %s", "hot")
    line = _line(output)
    assert (line["message"], line["level"], line["service"]) == (
        "careful: hot",
        "warning",
        "sample",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter22"),
        ("refresh_token", "abc"),
        ("database", "postgresql://role:hunter22@db:5432/x"),
        ("header", "Bearer abc.def.ghi"),
        ("note", "write to ada@example.com"),
        ("nested", {"new_password": "hunter22"}),
        ("many", ["eyJhbGciOi.eyJzdWIi.c2ln"]),
    ],
)
def test_a_secret_never_reaches_the_output(name: str, value: object, output: StringIO) -> None:
    logs.get("here").info("told", **{name: value})
    written = output.getvalue()
    for secret in ("hunter22", '"abc"', "abc.def.ghi", "ada@example.com", "eyJhbGciOi"):
        assert secret not in written
    assert "[redacted]" in written


def test_an_exception_is_structured_and_without_secrets(
    output: StringIO,
) -> None:
    address = "ada" + "@example.com"
    try:
        raise ValueError(f"could not write to {address}")
    except ValueError:
        logs.get("here").exception("failed")
    written = output.getvalue()
    assert "ada@example.com" not in written
    assert "locals" not in written
    assert json.loads(written)["exception"][0]["exc_type"] == "ValueError"
