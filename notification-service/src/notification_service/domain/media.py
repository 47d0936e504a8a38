"""What is told of uploads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaProcessed:
    """An upload is `ready`, or has `failed`; its owner is told live, and nothing is kept of it."""

    owner_id: int
    media_id: int
    state: str
