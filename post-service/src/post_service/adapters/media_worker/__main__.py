"""The work on one file: `python -m post_service.adapters.media_worker LIMITS SOURCE FOLDER TYPE`.

LIMITS is JSON, the fields of `Bounds` and `in_idle_time`. The outcome is JSON on stdout.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from post_service.adapters.media_worker.bounds import bound


def main(limits: dict[str, int], source: Path, folder: Path, content_type: str) -> dict[str, Any]:
    """What was made, or `failure` and why."""
    bound(limits["memory"], limits["seconds"], in_idle_time=bool(limits["in_idle_time"]))
    # Only now: what is loaded counts against the bounds, and a service never loads it.
    from post_service.adapters.media_worker import pictures  # noqa: PLC0415

    try:
        if content_type.startswith("image/"):
            found = pictures.make(source, folder, limits["pixels"])
            return {**asdict(found), "duration_ms": 0, "kept_as_sent": False}
        return _of_clip(limits, source, folder, content_type)
    except pictures.TooSlow as slowness:
        if limits["in_idle_time"]:
            raise  # it may have had no time: it is tried again with some
        return {"failure": str(slowness)}
    except pictures.Damaged as damage:
        return {"failure": str(damage)}


def _of_clip(
    limits: dict[str, int], source: Path, folder: Path, content_type: str
) -> dict[str, Any]:
    from post_service.adapters.media_worker import clips, pictures  # noqa: PLC0415

    clip = clips.make(source, folder, content_type, limits["pixels"], limits["patience"] / 2)
    size = clip.path.stat().st_size
    shown = pictures.Made("clip", clip.path.name, content_type, clip.width, clip.height, size)
    made, blurred = [asdict(shown)], ""
    if clip.frame is not None:
        poster = pictures.make_poster(clip.frame, folder, limits["pixels"])
        made.append(asdict(poster.made[0]))
        blurred = poster.blurhash
    return {
        "width": clip.width,
        "height": clip.height,
        "duration_ms": clip.duration_ms,
        "blurhash": blurred,
        "made": made,
        "kept_as_sent": clip.frame is None,
    }


if __name__ == "__main__":
    bounds, given, target, kind = sys.argv[1:]
    print(json.dumps(main(json.loads(bounds), Path(given), Path(target), kind)))
