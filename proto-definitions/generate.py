"""Generates pinstack_proto's Python code from its .proto files: `generate.py [output folder]`."""

import importlib.resources
import os
import sys
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
PACKAGE = "pinstack_proto"


class GenerationFailed(Exception):
    """protoc refused the .proto files; it has said why on stderr."""


def proto_files() -> list[str]:
    """Every .proto file, relative to this folder: the name under which its descriptor is registered."""
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(f"{PACKAGE}/**/*.proto"))


def generate(output: Path) -> None:
    """Writes messages, RPC stubs and the types of both below `output`, in a tree like this one.

    Raises GenerationFailed.
    """
    well_known_types = importlib.resources.files("grpc_tools") / "_proto"
    status: int = protoc.main(
        [
            "protoc",
            f"--proto_path={ROOT}",
            f"--proto_path={well_known_types}",
            f"--python_out={output}",
            f"--mypy_out=quiet:{output}",
            f"--grpc_python_out={output}",
            # grpc.aio only: stubs for both worlds type every call as a union.
            f"--mypy_grpc_out=quiet,only_async:{output}",
            *proto_files(),
        ]
    )
    if status:
        raise GenerationFailed(f"protoc ended with {status}")
    _drop_empty_services(output)


def _drop_empty_services(output: Path) -> None:
    """Events have no services, yet the gRPC plug-ins write a module for them."""
    for name in proto_files():
        if "\nservice " not in (ROOT / name).read_text(encoding="utf-8"):
            stem = output / name.removesuffix(".proto")
            for suffix in ("_pb2_grpc.py", "_pb2_grpc.pyi"):
                Path(f"{stem}{suffix}").unlink(missing_ok=True)


def generated_files(folder: Path) -> dict[str, bytes]:
    """Contents of the generated files below `folder`, by their path relative to it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / PACKAGE).glob("**/*_pb2*.py*"))
        if path.suffix in {".py", ".pyi"}
    }


def main(arguments: list[str]) -> None:
    """Writes into the given folder, or in place."""
    # protoc finds its plug-ins on PATH; they lie beside this interpreter.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    generate(Path(arguments[0]) if arguments else ROOT)


if __name__ == "__main__":
    main(sys.argv[1:])
