"""Things that tests are about, with defaults for what a test does not care for."""

from collections.abc import Sequence
from datetime import UTC, datetime

from service_kit.work_budget import WorkBudget

from post_service.adapters.media_worker.processes import Bounds, WorkerProcesses
from post_service.domain.events import PostCreated
from post_service.domain.models import Media, MediaDraft, NewPost, Post, Tag

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def a_draft(
    position: int = 0,
    *,
    url: str = "https://example.com/cat.png",
    kind: str = "image",
    description: str | None = None,
) -> MediaDraft:
    """An image to attach."""
    return MediaDraft(url, kind, position, description)


def a_new_post(
    author_id: int = 1,
    title: str = "Hello",
    content: str = "",
    tags: Sequence[str] = (),
    media: Sequence[MediaDraft] = (),
) -> NewPost:
    """A post to be."""
    return NewPost(author_id, title, content, tuple(tags), tuple(media))


def a_post(post_id: int = 1, author_id: int = 1, title: str = "Hello") -> Post:
    """A post with everything that a post can have."""
    return Post(
        id=post_id,
        author_id=author_id,
        title=title,
        content="Some text.",
        tags=(Tag(7, "go"), Tag(3, "python")),
        media=(
            Media(11, "https://example.com/1.png", "image", 1, None, NOW),
            Media(12, "https://example.com/2.mp4", "video", 4, "A cat.", NOW),
        ),
        created_at=NOW,
        updated_at=NOW,
    )


def announcement(post: Post) -> PostCreated:
    """What is told of a new post."""
    return PostCreated(post.id, post.author_id, post.title, post.created_at)


def worker_processes(bounds: Bounds | None = None) -> WorkerProcesses:
    """Processes with as much time as they like."""
    return WorkerProcesses(bounds or Bounds(), WorkBudget(1.0, 3600.0))
