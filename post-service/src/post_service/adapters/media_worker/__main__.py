"""The work on one file: `python -m post_service.adapters.media_worker LIMITS SOURCE FOLDER TYPE`.

LIMITS is JSON: pixels, memory in bytes, seconds of CPU. The outcome is JSON on stdout.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

_NICENESS: Final = 19
_OPEN_FILES: Final = 64


def main(limits: dict[str, int], source: Path, folder: Path, content_type: str) -> dict[str, Any]:
    """What was made, or `failure` and why."""
    _bound(limits)
    # Only now: what is loaded counts against the bounds, and a service never loads it.
    from post_service.adapters.media_worker import clips, pictures  # noqa: PLC0415

    try:
        if content_type.startswith("image/"):
            found = pictures.make(source, folder, limits["pixels"])
            return {**asdict(found), "kept_as_sent": False}
        clip = clips.make(source, folder, content_type)
        made = []
        if clip.frame is not None:
            made.append(asdict(pictures.make_poster(clip.frame, folder, limits["pixels"])))
        size = clip.path.stat().st_size
        shown = pictures.Made("clip", clip.path.name, content_type, clip.width, clip.height, size)
        return {
            "width": clip.width,
            "height": clip.height,
            "blurhash": "",
            "made": [asdict(shown), *made],
            "kept_as_sent": clip.frame is None,
        }
    except pictures.Damaged as damage:
        return {"failure": str(damage)}


def _bound(limits: dict[str, int]) -> None:
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # of all processes this one goes first
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    bounds, given, target, kind = sys.argv[1:]
    print(json.dumps(main(json.loads(bounds), Path(given), Path(target), kind)))
