"""Where Java or Maven is missing, the message says so."""

from pathlib import Path

import pytest
from pinstack_local import kafka_jars
from pinstack_local.errors import MissingTool


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, beside an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PINSTACK_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def install(folder: Path, name: str, output: str) -> None:
    script = folder / name
    script.write_text(f"#!/bin/sh\necho '{output}' >&2\n")
    script.chmod(0o755)


def test_without_java_kafka_is_refused_and_the_way_out_is_named(tools: Path) -> None:
    with pytest.raises(MissingTool, match=r"Java 17 or newer.*BROKER=embedded.*no java") as caught:
        kafka_jars.require()
    assert caught.value.exit_code == 2


def test_an_old_java_is_refused_with_its_version(tools: Path) -> None:
    install(tools, "java", 'openjdk version "11.0.2" 2019-01-15')
    with pytest.raises(MissingTool, match="is Java 11"):
        kafka_jars.require()


def test_without_jars_and_maven_kafka_is_refused(tools: Path) -> None:
    install(tools, "java", 'openjdk version "21" 2023-09-19')
    with pytest.raises(MissingTool, match="no mvn on"):
        kafka_jars.require()


def test_with_jars_in_the_cache_maven_is_not_needed(tools: Path) -> None:
    install(tools, "java", 'openjdk version "17.0.1" 2021-10-19')
    kafka_jars.jar_folder().mkdir(parents=True)
    kafka_jars.require()


def test_java_home_wins_over_the_path(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tools.parent / "jdk"
    (home / "bin").mkdir(parents=True)
    install(home / "bin", "java", 'openjdk version "21" 2023-09-19')
    install(tools, "java", 'openjdk version "11.0.2" 2019-01-15')
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert kafka_jars.java() == str(home / "bin" / "java")


def test_fetched_jars_are_in_the_cache_only_when_all_are_there(tools: Path) -> None:
    install(tools, "java", 'openjdk version "17.0.1" 2021-10-19')
    install(tools, "mvn", "")
    step = kafka_jars.fetch_step(tools.parent / "kafka.log")
    (option,) = (part for part in step.program.command if part.startswith("-DoutputDirectory="))
    output = Path(option.partition("=")[2])
    output.mkdir()
    assert not kafka_jars.jar_folder().exists()
    step.finish()
    assert kafka_jars.jar_folder().exists()
    assert not output.exists()
