"""The command line: what it accepts, and how it ends."""

import io
from pathlib import Path

import pytest
from pinstack_local import cli
from pinstack_local.commands import execute
from pinstack_local.console import Console
from pinstack_local.errors import StartFailed


def test_each_subcommand_has_a_help_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert "Start the whole platform" in printed
    assert "Start PostgreSQL, Redis and the broker only" in printed
    assert "Run a command with PostgreSQL" in printed
    assert "Run a command with the addresses of the stack" in printed


def test_the_command_of_exec_keeps_its_own_options() -> None:
    chosen = cli.parser().parse_args(["exec", "--broker", "kafka", "--", "pytest", "-x", "--lf"])
    assert chosen.broker == "kafka"
    assert chosen.command_line == ["pytest", "-x", "--lf"]


def test_a_bad_setting_ends_with_2_and_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "eighty")
    assert cli.main(["run"]) == 2
    assert "GATEWAY_PORT=eighty" in capsys.readouterr().err


def test_an_unknown_subcommand_ends_with_2() -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["fly"])
    assert end.value.code == 2


def test_the_broker_of_exec_is_its_argument_or_else_the_variable() -> None:
    console = Console(io.StringIO())
    assert execute.wanted_kind(None, {}, console) == "embedded"
    assert execute.wanted_kind(None, {"BROKER": "kafka"}, console) == "kafka"
    assert execute.wanted_kind("embedded", {"BROKER": "kafka"}, console) == "embedded"


def test_an_automatic_broker_is_the_embedded_one_where_java_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    printed = io.StringIO()
    assert execute.wanted_kind("auto", {}, Console(printed)) == "embedded"
    assert "no java on the PATH" in printed.getvalue()


def test_servers_of_the_wanted_kind_are_used_again() -> None:
    outer = {
        "PINSTACK_TEST_POSTGRES_URL": "postgresql://x",
        "PINSTACK_TEST_REDIS_URL": "redis://x",
        "PINSTACK_TEST_KAFKA": "x:1",
        "PINSTACK_TEST_KAFKA_KIND": "embedded",
    }
    assert execute.has_servers(outer, "embedded")
    assert not execute.has_servers(outer, "kafka")
    assert not execute.has_servers({}, "embedded")


def test_a_failed_start_is_shown_with_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "user-service.log"
    log.write_text("first\nADDRESS is not set\n")
    printed = io.StringIO()
    Console(printed).failure(StartFailed("user-service", "ended with exit code 2", log))
    assert printed.getvalue().splitlines() == [
        "pinstack: user-service: ended with exit code 2",
        "    | first",
        "    | ADDRESS is not set",
        f"    its log: {log}",
    ]
