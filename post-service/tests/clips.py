"""Real clips, made by ffmpeg, and what is needed to look into them."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

IN_CI = bool(os.environ.get("CI"))
needs_ffmpeg = pytest.mark.skipif(
    not IN_CI and (shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None),
    reason="ffmpeg is not on PATH (make tools installs it)",
)
PICTURE = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1")
SECRETS = ("title=SECRET TITLE", "comment=SECRET COMMENT", "location=+52.5200+013.4050/")


def ffmpeg(*arguments: str) -> bytes:
    """What ffmpeg prints on its standard output."""
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout  # noqa: S603


def a_clip(path: Path, *options: str) -> bytes:
    """A second of a test picture with a tone, 64x48, written to a path by its suffix."""
    named = [option for secret in SECRETS for option in ("-metadata", secret)]
    ffmpeg(*PICTURE, *SOUND, "-shortest", *named, *options, str(path))
    return path.read_bytes()


def probed(path: Path) -> str:
    """All that ffprobe can tell of a file."""
    shown = ("-show_format", "-show_streams", "-show_chapters", "-of", "json")
    command = ["ffprobe", "-hide_banner", "-loglevel", "error", *shown, str(path)]
    done: Any = subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603
    return str(done.stdout.decode())
