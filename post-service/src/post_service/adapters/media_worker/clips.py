"""Clips: measured, stripped of metadata, given a poster by ffmpeg; kept as sent without it.

ffmpeg is told which format it is to read, which codecs it may run, and to open files only: nothing
in a clip (playlists, references to other files or hosts) makes it read anything but the clip.
"""

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from post_service.adapters.media_worker.bounds import ends_with_its_parent
from post_service.adapters.media_worker.pictures import Damaged, TooSlow

SUFFIXES: Final = {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm"}
_DEMUXERS: Final = {"video/mp4": "mov", "video/quicktime": "mov", "video/webm": "matroska"}
_CODECS: Final = (
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,libvpx,libvpx-vp9,mpeg4,h263,mjpeg,prores,"
    "aac,mp3,mp3float,opus,libopus,vorbis,libvorbis,alac,flac,ac3,eac3,amrnb,amrwb,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_f32le,pcm_mulaw,pcm_alaw"
)
"""What cameras and browsers write. The other decoders are where the holes were found."""
_LONGEST_SECONDS: Final = 1_000_000
_QUIET: Final = ("-hide_banner", "-loglevel", "error")
_ONE_THREAD: Final = ("-threads", "1")


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip to be shown; `frame` is a picture of it, None where nothing could look into it."""

    path: Path
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    frame: Path | None = None


@dataclass(frozen=True, slots=True)
class _Ffmpeg:
    """Its two programs on one clip, all calls together within the time until `deadline`."""

    source: Path
    content_type: str
    most_pixels: int
    deadline: float

    def probe(self) -> dict[str, Any]:
        """What ffprobe says of the clip's picture."""
        shown = "stream=width,height:stream_side_data=rotation:format=duration"
        asked = ("-select_streams", "V:0", "-show_entries", shown, "-of", "json")
        found: dict[str, Any] = json.loads(self._output("ffprobe", *self._input(), *asked))
        return found

    def write(self, target: Path, *options: str) -> None:
        """Have ffmpeg write a file of this clip."""
        bounded = ("-nostdin", "-max_pixels", str(self.most_pixels), *self._input())
        self._output("ffmpeg", *bounded, *options, *_ONE_THREAD, str(target))

    def _input(self) -> tuple[str, ...]:
        demuxer = _DEMUXERS[self.content_type]
        confined = ("-protocol_whitelist", "file", "-format_whitelist", demuxer)
        read = ("-f", demuxer, "-i", f"file:{self.source}")
        return (*confined, "-codec_whitelist", _CODECS, *_ONE_THREAD, *read)

    def _output(self, program: str, *arguments: str) -> bytes:
        command = [program, *_QUIET, *arguments]
        left = max(0.1, self.deadline - time.monotonic())
        try:
            done = subprocess.run(  # noqa: S603
                command,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=left,
                preexec_fn=ends_with_its_parent,  # safe: the worker has one thread
            )
        except subprocess.TimeoutExpired as error:
            raise TooSlow("it takes too long") from error
        except subprocess.CalledProcessError as error:
            raise Damaged("it is damaged") from error
        return done.stdout


def make(source: Path, folder: Path, content_type: str, most_pixels: int, seconds: float) -> Clip:
    """Put the clip into `folder`. Raises `Damaged`, and `TooSlow` after `seconds`."""
    target = folder / f"clip.{SUFFIXES[content_type]}"
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        shutil.copyfile(source, target)
        return Clip(target)
    ffmpeg = _Ffmpeg(source, content_type, most_pixels, time.monotonic() + seconds)
    width, height, duration_ms = _measures(ffmpeg.probe())
    if width * height > most_pixels:
        raise Damaged(f"it has more than {most_pixels} pixels")
    frame = source.with_name("frame.png")
    ffmpeg.write(frame, "-map", "0:V:0", "-frames:v", "1", "-f", "image2", "-c:v", "png")
    streams = ("-map", "0:V:0", "-map", "0:a?", "-c", "copy")
    ffmpeg.write(target, *streams, "-map_metadata", "-1", "-map_chapters", "-1", *_web(target))
    return Clip(target, width, height, duration_ms, frame)


def _web(target: Path) -> tuple[str, ...]:
    """What lets a player begin before it has all."""
    return () if target.suffix == ".webm" else ("-movflags", "+faststart")


def _measures(found: dict[str, Any]) -> tuple[int, int, int]:
    """Width and height, upright, and milliseconds."""
    streams: list[dict[str, Any]] = found.get("streams", [])
    if not streams or not streams[0].get("width"):
        raise Damaged("it shows nothing")
    stream = streams[0]
    turns = [abs(int(side.get("rotation", 0))) for side in stream.get("side_data_list", ())]
    size = (int(stream["width"]), int(stream["height"]))
    if any(turn % 180 == 90 for turn in turns):
        size = (size[1], size[0])
    return *size, _milliseconds(found.get("format", {}).get("duration", ""))


def _milliseconds(text: str) -> int:
    """The duration that ffprobe tells in seconds; 0 where it tells none, or one of weeks."""
    try:
        seconds = float(text)
    except ValueError:
        return 0
    return round(seconds * 1000) if 0 < seconds < _LONGEST_SECONDS else 0
