"""Relations: what comes in, and what is seen of them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, Data, QueryModel
from api_gateway.adapters.http.schemas.filters import id_from_text
from api_gateway.domain.page import DEFAULT_LIMIT, PageRequest
from api_gateway.domain.relation import RelatedUser, Relation

_MAX_CHECKED: Final = 100


def _ids(values: list[str]) -> list[int]:
    """Each id once, in the order asked; separated by commas or named again, or both."""
    numbers = ",".join(values).split(",")
    if len(numbers) > _MAX_CHECKED:
        raise PydanticCustomError("ids", "must be at most 100")
    return list(dict.fromkeys(map(id_from_text, numbers)))


class FolloweeBody(Body):
    """Whom it is about."""

    followee_id: fields.Id


class RelatedUsersQuery(QueryModel):
    """Which part of a list: after a cursor, or a page by number."""

    cursor: fields.SealedCursor = ""
    page: fields.LenientPage = 1
    limit: fields.LenientLimit = DEFAULT_LIMIT

    def request(self, cursor: str) -> PageRequest:
        """The same for the use cases, with the cursor opened."""
        return PageRequest(self.page, self.limit, cursor)


class CheckQuery(QueryModel):
    """Which users to check."""

    ids: Annotated[
        list[fields.Id],
        BeforeValidator(_ids),
        Field(
            min_length=1,
            max_length=_MAX_CHECKED,
            description="At most 100 ids, separated by commas.",
            examples=[[1, 2, 3]],
            json_schema_extra={"x-parameter": {"style": "form", "explode": False}},
        ),
    ]


class RelatedUserData(Data):
    """One end of a relation."""

    id: int
    username: str
    avatar_url: str | None = None


class _PageData(Data):
    total: int
    total_is_estimate: bool | None = None
    page: int
    limit: int
    next_cursor: str | None = None


class FollowersData(_PageData):
    """A page of followers, the latest first."""

    followers: list[RelatedUserData]


class FolloweesData(_PageData):
    """A page of followees, the latest first."""

    followees: list[RelatedUserData]


class RelationData(Data):
    """How the caller stands to another user."""

    user_id: int
    following: bool
    followed_by: bool


class RelationsData(Data):
    """How the caller stands to each user asked for, in the order asked."""

    relations: list[RelationData]


USER_EXAMPLE: Final[Mapping[str, object]] = {
    "id": 7,
    "username": "ada",
    "avatar_url": "https://cdn.example.org/ada.png",
}

PAGE_EXAMPLE: Final[Mapping[str, object]] = {
    "total": 1,
    "page": 1,
    "limit": 20,
}


def related_user_content(user: RelatedUser) -> dict[str, Any]:
    """One end of a relation as a client sees it."""
    content: dict[str, Any] = {"id": user.id, "username": user.username}
    if user.avatar_url is not None:
        content["avatar_url"] = user.avatar_url
    return content


def relation_content(relation: Relation) -> dict[str, Any]:
    """How the caller stands to another."""
    return {
        "user_id": relation.user_id,
        "following": relation.following,
        "followed_by": relation.followed_by,
    }
