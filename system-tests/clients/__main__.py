"""Generates the Python and the TypeScript client and tries them: `python -m clients [--url URL]`.

Without `--url` it starts a platform of its own. The clients are in build/clients.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import httpx
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
DOCUMENT: Final = ROOT / "api-gateway" / "openapi.json"
OUTPUT: Final = ROOT / "build" / "clients"
PYTHON: Final = OUTPUT / "python"
TYPESCRIPT: Final = OUTPUT / "typescript"
SCRIPTS: Final = Path(sys.executable).parent
TOOLS: Final = HERE / "node_modules" / ".bin"
Command: TypeAlias = list[str | Path]
_PROGRAM: Final = ("smoke.ts", "tsconfig.json", "package.json")


def main() -> int:
    """Generate, check types, and run; returns the exit code of what failed first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="", help="a gateway that runs, without rate limits")
    url: str = parser.parse_args().url
    if url and not _answers(url):
        print(f"clients: no gateway answers at {url}", file=sys.stderr)
        return 2
    try:
        _make_python()
        _make_typescript()
        with _platform(url) as gateway:
            _run([sys.executable, HERE / "smoke.py", gateway], PYTHONPATH=str(PYTHON))
            _run(["node", TYPESCRIPT / "dist" / "smoke.js", gateway])
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=5).is_success
    except httpx.HTTPError:
        return False


def _make_python() -> None:
    shutil.rmtree(PYTHON, ignore_errors=True)
    PYTHON.mkdir(parents=True)
    command: Command = [SCRIPTS / "openapi-python-client", "generate", "--path", DOCUMENT]
    command += ["--meta", "none", "--output-path", PYTHON / "pinstack_client"]
    _run([*command, "--config", HERE / "openapi-python-client.yaml"])
    (PYTHON / "pinstack_client" / "py.typed").touch()
    check: Command = [SCRIPTS / "mypy", "--strict", "--follow-imports=silent", HERE / "smoke.py"]
    _run(check, MYPYPATH=str(PYTHON))


def _make_typescript() -> None:
    shutil.rmtree(TYPESCRIPT, ignore_errors=True)
    TYPESCRIPT.mkdir(parents=True)
    for name in _PROGRAM:
        shutil.copy(HERE / name, TYPESCRIPT)
    (TYPESCRIPT / "node_modules").symlink_to(HERE / "node_modules")
    command: Command = [TOOLS / "openapi-typescript", DOCUMENT, "-o", TYPESCRIPT / "schema.d.ts"]
    _run([*command, "--default-non-nullable=false"])  # what has a default may be left out
    _run([TOOLS / "tsc", "--project", TYPESCRIPT])


def _run(command: Command, **environment: str) -> None:
    subprocess.run(command, env=os.environ | environment, check=True)  # noqa: S603


@contextmanager
def _platform(url: str) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="pinstack-clients-") as folder:
        settings = StackSettings(
            data_dir=Path(folder),
            environment={"RATE_LIMIT_ENABLED": "false"},
            durable=False,
            start_timeout=120,
        )
        with Stack(settings) as stack:
            yield stack.gateway_url


if __name__ == "__main__":
    sys.exit(main())
