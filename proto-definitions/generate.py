"""Generates pinstack_proto's Python code from its .proto files: `generate.py [--check]`."""

import argparse
import importlib.resources
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from grpc_tools import protoc  # type: ignore[import-untyped]  # ships no types

ROOT = Path(__file__).resolve().parent
PACKAGE = "pinstack_proto"


class GenerationFailed(Exception):
    """protoc refused the .proto files; it has said why on stderr."""


def proto_files() -> list[str]:
    """Every .proto file, relative to this folder: the name its descriptor is registered under."""
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(f"{PACKAGE}/**/*.proto"))


def generate(output: Path) -> None:
    """Writes messages, RPC stubs and the types of both below `output`, in a tree like this one.

    Raises GenerationFailed.
    """
    well_known_types = importlib.resources.files("grpc_tools") / "_proto"
    scripts = Path(sys.executable).parent
    arguments = [
        f"--plugin={scripts / 'protoc-gen-mypy'}",
        f"--plugin={scripts / 'protoc-gen-mypy_grpc'}",
        f"--proto_path={ROOT}",
        f"--proto_path={well_known_types}",
        f"--python_out={output}",
        f"--mypy_out=quiet:{output}",
        f"--grpc_python_out={output}",
        # grpc.aio only: stubs for both worlds type every call as a union.
        f"--mypy_grpc_out=quiet,only_async:{output}",
    ]
    status: int = protoc.main(["protoc", *arguments, *proto_files()])
    if status:
        raise GenerationFailed(f"protoc ended with {status}")
    _drop_empty_services(output)


def _drop_empty_services(output: Path) -> None:
    """Events have no services, yet the gRPC plug-in writes a module for them."""
    for name in proto_files():
        if "\nservice " not in (ROOT / name).read_text(encoding="utf-8"):
            module = output / f"{name.removesuffix('.proto')}_pb2_grpc.py"
            module.unlink(missing_ok=True)
            module.with_suffix(".pyi").unlink(missing_ok=True)


def generated_files(folder: Path) -> dict[str, bytes]:
    """Contents of the generated files below `folder`, by their path relative to it."""
    paths = [*folder.glob(f"{PACKAGE}/**/*_pb2*.py"), *folder.glob(f"{PACKAGE}/**/*_pb2*.pyi")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def stale_files() -> list[str]:
    """Committed generated files that differ from what the .proto files say now, or lack one."""
    with TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = generated_files(Path(folder))
    committed = generated_files(ROOT)
    return sorted(
        name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name)
    )


def main(arguments: list[str]) -> int:
    """Generates in place, or with --check says what is stale; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    check: bool = parser.parse_args(arguments).check
    if not check:
        generate(ROOT)
        return 0
    stale = stale_files()
    for name in stale:
        print(f"{name} is stale: run `make proto`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
