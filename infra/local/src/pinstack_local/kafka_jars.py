"""What a Kafka broker needs on this machine: a JVM, and jars that Maven fetches once."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from pinstack_local.child import Program
from pinstack_local.errors import MissingTool
from pinstack_local.preparation import Step

OLDEST_JAVA = 17  # https://kafka.apache.org/documentation/#java
CACHE_VARIABLE = "PINSTACK_CACHE_DIR"
POM = Path(__file__).with_name("pom.xml")


def cache_folder() -> Path:
    """Return the folder for downloads, which all stacks of a user share."""
    return Path(os.environ.get(CACHE_VARIABLE) or "~/.cache/pinstack").expanduser().absolute()


def java() -> str:
    """Return the path of a `java` that can run Kafka; raises MissingTool where there is none."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    found = found or shutil.which("java")
    if found is None:
        raise MissingTool(f"{_wanted()}, and there is no java on the PATH or in JAVA_HOME")
    version = java_version(found)
    if version < OLDEST_JAVA:
        raise MissingTool(f"{_wanted()}, and {found} is Java {version}")
    return found


def java_version(executable: str) -> int:
    """Return the major version that `java -version` names; 0 if it names none."""
    match = re.search(r'version "(\d+)', java_banner(executable))
    return int(match.group(1)) if match else 0


def java_banner(executable: str) -> str:
    """Return what `java -version` prints; it tells one build of a JVM from another."""
    done = subprocess.run(  # noqa: S603 -- found on the PATH
        [executable, "-version"],
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C would make it look as if Java were missing
    )
    return done.stderr + done.stdout


def require() -> None:
    """Raise MissingTool if a broker cannot be started here, before anything else is done."""
    java()
    if not jar_folder().exists():
        _maven()


def jar_folder() -> Path:
    """Return where the jars of the present pom.xml are or will be."""
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    return cache_folder() / f"kafka-{digest}"


def fetch_step(log_path: Path) -> Step:
    """Return what makes Maven fetch the jars into `jar_folder()`; raises MissingTool without it."""
    folder = jar_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    output = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(output, ignore_errors=True)

    def finish() -> None:
        if not folder.exists():  # or else another stack was quicker, and its jars are the same
            output.rename(folder)
        shutil.rmtree(output, ignore_errors=True)

    command = (
        *(_maven(), "--batch-mode", "--file", str(POM), "dependency:copy-dependencies"),
        *("-DincludeScope=runtime", f"-DoutputDirectory={output}"),
    )
    return Step(Program(name="fetching Kafka", command=command, log_path=log_path), finish)


def _maven() -> str:
    found = shutil.which("mvn")
    if found is None:
        raise MissingTool(
            "the first start of Apache Kafka fetches its jars with Maven, and there is no mvn on "
            "the PATH (on Debian: apt-get install maven)"
        )
    return found


def _wanted() -> str:
    return f"Apache Kafka needs Java {OLDEST_JAVA} or newer (or use BROKER=embedded)"
