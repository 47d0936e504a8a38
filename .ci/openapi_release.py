"""Fails where api-gateway/openapi.json breaks clients of the last release, or one file another.

    openapi_release.py               against the newest tag v*
    openapi_release.py OLD NEW       two documents

oasdiff knows what breaks a client; it comes through the Go module proxy, once, when it is needed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = "api-gateway/openapi.json"
# The newest release whose modules are all in the proxy.
MODULE, VERSION = "github.com/oasdiff/oasdiff", "v1.33.0"
# What breaks clients that are generated from the document, though oasdiff is milder about it.
SEVERITY = ROOT / ".ci" / "openapi-severity.txt"


def main(arguments: list[str]) -> int:
    """Compare; returns the exit code: 1 for a break, 2 where it cannot be told."""
    if len(arguments) == 2:
        return compare(Path(arguments[0]), Path(arguments[1]))
    tag = last_release()
    if tag is None:
        print("No tag v* yet: there is no release that the API could break with.")
        return 0
    before = git("show", f"{tag}:{DOCUMENT}")
    if before is None:
        print(f"{tag} has no {DOCUMENT}: nothing to compare with.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        released = Path(folder) / f"{tag}.json"
        released.write_text(before, encoding="utf-8")
        print(f"{DOCUMENT} against {tag}:", flush=True)
        return compare(released, ROOT / DOCUMENT)


def last_release() -> str | None:
    """The newest tag by version, None where there is no release yet."""
    tags = (git("tag", "--list", "v*", "--sort=-version:refname") or "").split()
    return tags[0] if tags else None


def git(*arguments: str) -> str | None:
    """What git says; None where it refuses."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)  # noqa: PLW1510, S603, S607
    return done.stdout if done.returncode == 0 else None


def compare(old: Path, new: Path) -> int:
    """1 where `new` breaks clients of `old`, with every break on the way."""
    tool = oasdiff()
    if tool is None:
        print("oasdiff is built by Go, which is not on PATH (1.21 or newer).", file=sys.stderr)
        return 2
    options = ["--fail-on", "WARN", "--severity-levels", str(SEVERITY)]
    done = subprocess.run([tool, "breaking", old, new, *options], check=False)  # noqa: S603
    return done.returncode if done.returncode in (0, 1) else 2


def oasdiff() -> Path | None:
    """The tool, built at the first use; None without Go."""
    tool = ROOT / "build" / "tools" / f"oasdiff-{VERSION}"
    if tool.exists():
        return tool
    go = shutil.which("go")
    if go is None:
        return None
    tool.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tool.parent) as folder:
        print(f"building oasdiff {VERSION}, for the first time", file=sys.stderr)
        environment = os.environ | {"GOBIN": folder, "GOFLAGS": "-mod=mod"}
        subprocess.run([go, "install", f"{MODULE}@{VERSION}"], check=True, env=environment)  # noqa: S603
        (Path(folder) / "oasdiff").replace(tool)
    return tool


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
