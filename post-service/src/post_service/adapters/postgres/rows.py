"""What is read of a post, and the post that it makes."""

from typing import Final

from service_kit.database import Row

from post_service.domain.models import Media, Post, Tag

OWN: Final = "post.id, post.author_id, post.title, post.content, post.created_at, post.updated_at"
ATTACHED: Final = (
    "media.id, media.url, media.type, media.position, media.description, media.created_at"
)
POST: Final = f"""{OWN},
    ARRAY(SELECT ROW(tags.id, tags.name) FROM post_tags JOIN tags ON tags.id = post_tags.tag_id
          WHERE post_tags.post_id = post.id ORDER BY post_tags.position) AS tags,
    ARRAY(SELECT ROW({ATTACHED}) FROM media WHERE media.post_id = post.id
          ORDER BY media.position) AS media"""  # noqa: S608


def post_from_row(row: Row) -> Post:
    """A row of a post with its tags and media."""
    return Post(
        id=row["id"],
        author_id=row["author_id"],
        title=row["title"],
        content=row["content"],
        tags=tuple(Tag(*tag) for tag in row["tags"]),
        media=tuple(Media(*item) for item in row["media"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
