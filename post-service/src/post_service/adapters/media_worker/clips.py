"""Clips: measured, stripped of metadata, given a poster by ffmpeg; kept as sent without it."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from post_service.adapters.media_worker.pictures import Damaged

SUFFIXES: Final = {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm"}
_SECONDS: Final = 60
_QUIET: Final = ("-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "file")


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip to be shown; `frame` is a picture of it, None where nothing could look into it."""

    path: Path
    width: int
    height: int
    frame: Path | None


def make(source: Path, folder: Path, content_type: str) -> Clip:
    """Put the clip into `folder`. Raises `Damaged` for what ffmpeg cannot read."""
    target = folder / f"clip.{SUFFIXES[content_type]}"
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        shutil.copyfile(source, target)
        return Clip(target, 0, 0, None)
    width, height = _size(source)
    streams = ("-map", "0:v:0", "-map", "0:a?", "-c", "copy")
    bare = ("-map_metadata", "-1", "-map_chapters", "-1", *_web(content_type))
    _ffmpeg("-i", source, *streams, *bare, target)
    frame = source.with_name("frame.png")
    _ffmpeg("-i", source, "-frames:v", "1", "-f", "image2", "-c:v", "png", frame)
    return Clip(target, width, height, frame)


def _web(content_type: str) -> tuple[str, ...]:
    """What lets a player begin before it has all."""
    return () if content_type == "video/webm" else ("-movflags", "+faststart")


def _size(source: Path) -> tuple[int, int]:
    shown = "stream=width,height:stream_side_data=rotation"
    found = _output(
        "ffprobe", "-select_streams", "v:0", "-show_entries", shown, "-of", "json", source
    )
    streams: list[dict[str, Any]] = json.loads(found).get("streams", [])
    if not streams or not streams[0].get("width"):
        raise Damaged("it shows nothing")
    stream = streams[0]
    turns = [abs(int(side.get("rotation", 0))) for side in stream.get("side_data_list", ())]
    size = (int(stream["width"]), int(stream["height"]))
    return (size[1], size[0]) if any(turn % 180 == 90 for turn in turns) else size


def _ffmpeg(*arguments: str | Path) -> None:
    _output("ffmpeg", "-threads", "1", *arguments)


def _output(program: str, *arguments: str | Path) -> bytes:
    command = [program, *_QUIET, *map(str, arguments)]
    if program == "ffprobe":
        command.remove("-nostdin")
    try:
        done = subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Damaged("it is damaged") from error
    return done.stdout
