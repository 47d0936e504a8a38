"""Notifications: what comes in, and what is seen of them."""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, Data, QueryModel
from api_gateway.adapters.http.schemas.pages import page_content
from api_gateway.domain.group import Actor, NamedGroup
from api_gateway.domain.notification import (
    FeedFilter,
    Notification,
    NotificationDraft,
    notification_content,
)
from api_gateway.domain.page import DEFAULT_LIMIT, Page, PageRequest

_MAX_PAYLOAD: Final = 16 * 1024
_ANY_JSON: Final = {"description": "Any JSON, at most 16 KiB of it when written without spaces."}


def _json_text(value: object) -> bytes:
    text = orjson.dumps(value)
    if len(text) > _MAX_PAYLOAD:
        raise PydanticCustomError("payload", "must have at most 16384 bytes as JSON")
    return text


Payload = Annotated[bytes, PlainValidator(_json_text), WithJsonSchema(_ANY_JSON)]
"""Any JSON, as the text that is passed on."""


class SendBody(Body):
    """A notification to send."""

    user_id: fields.Id
    type: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_.\-]*$")]
    payload: Payload | None = None

    def draft(self) -> NotificationDraft:
        """The same for the use cases."""
        return NotificationDraft(self.user_id, self.type, self.payload)


class MarkBody(Body):
    """How far to mark; absent: all."""

    up_to_seq: Annotated[int, Field(ge=0, le=fields.MAX_ID)] | None = None


class FeedQuery(QueryModel):
    """Which part of the inbox: after a cursor, or a page by number."""

    cursor: fields.SealedCursor = ""
    page: fields.StrictPage = 1
    limit: fields.StrictLimit = DEFAULT_LIMIT
    unread: Annotated[bool, Field(description="Only what is unread.")] = False
    archived: Annotated[bool, Field(description="What is archived, instead of what is not.")] = (
        False
    )

    grouped: Annotated[
        bool, Field(description="In groups, such as all who followed on one day; by cursor only.")
    ] = False

    def request(self, cursor: str) -> PageRequest:
        """The same for the use cases, with the cursor opened."""
        return PageRequest(self.page, self.limit, cursor)

    def which(self) -> FeedFilter:
        """Which notifications are asked for."""
        return FeedFilter(self.unread, self.archived)


class NotificationData(Data):
    """A notification; without `actor_id` it is the system's own."""

    id: int
    user_id: int
    type: str
    is_read: bool
    created_at: datetime
    seq: int
    payload: Annotated[Any, WithJsonSchema(_ANY_JSON)] = None
    actor_id: int | None = None
    archived_at: datetime | None = None


class ActorData(Data):
    """A person whom a group tells of; id 0 where the account is gone."""

    id: int
    username: str
    avatar_url: str | None = None


class GroupData(Data):
    """Notifications of one day that tell the same kind of thing; `latest` is the newest.

    `others` is how many people it tells of beside the `actors`, who are the latest three.
    """

    type: str
    text: str
    actors: list[ActorData]
    others: int
    count: int
    unread: int
    latest: NotificationData


class FeedData(Data):
    """A page of the inbox, newest first: `notifications` with totals, or `groups` without."""

    notifications: list[NotificationData] | None = None
    groups: list[GroupData] | None = None
    total: int | None = None
    total_is_estimate: bool | None = None
    page: int | None = None
    limit: int
    total_pages: int | None = None
    next_cursor: str | None = None


class CountData(Data):
    """How many notifications are unread; `unseen` are those after `seen_up_to_seq`."""

    count: int
    unseen: int
    seen_up_to_seq: int


class SentData(Data):
    """The notification that was sent."""

    notification_id: int
    message: str


class DoneData(Data):
    """What was done, in a sentence."""

    success: bool
    message: str


class AllReadData(DoneData):
    """How many notifications became read."""

    updated: int


class SeenData(DoneData):
    """What is unseen now; `seen_up_to_seq` is how far the owner has looked, on any device."""

    unseen: int
    seen_up_to_seq: int


class TicketData(Data):
    """A ticket for one socket; `expires_in` is in seconds."""

    ticket: str
    expires_in: int


EXAMPLE: Final[Mapping[str, object]] = {
    "id": 17,
    "user_id": 7,
    "type": "follow_created",
    "is_read": False,
    "created_at": "2026-01-02T03:04:05Z",
    "seq": 125,
    "payload": {"follower_id": 8, "follower_username": "bob", "followee_id": 7},
}


def shown(notification: Notification) -> dict[str, object]:
    """A notification as a client sees it, its payload as it came."""
    return notification_content(notification, orjson.Fragment)


def feed_content(
    found: Page[Notification], request: PageRequest, next_cursor: str
) -> dict[str, Any]:
    """A page of the inbox as a client sees it."""
    pages = ceil((found.total or 0) / request.limit)
    totals = page_content(
        found, next_cursor, page=request.page, limit=request.limit, total_pages=pages
    )
    return {"notifications": [shown(one) for one in found.items], **totals}


def group_content(named: NamedGroup) -> dict[str, Any]:
    """A group as a client sees it."""
    return {
        "type": named.group.latest.type,
        "text": named.text,
        "actors": [_actor_content(actor) for actor in named.actors],
        "others": named.others,
        "count": named.group.size,
        "unread": named.group.unread,
        "latest": shown(named.group.latest),
    }


def _actor_content(actor: Actor) -> dict[str, object]:
    content: dict[str, object] = {"id": actor.id, "username": actor.username}
    if actor.avatar_url is not None:
        content["avatar_url"] = actor.avatar_url
    return content
