"""Profiles: what comes in, and who sees what of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, Data, QueryModel
from api_gateway.domain.user import NewAccount, ProfileChange, UserView

PUBLIC_EXAMPLE: Final[Mapping[str, object]] = {
    "id": 7,
    "username": "ada",
    "full_name": "Ada Lovelace",
    "bio": "Notes on the engine",
    "avatar_url": "https://cdn.example.org/ada.png",
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
}
OWN_EXAMPLE: Final[Mapping[str, object]] = {**PUBLIC_EXAMPLE, "email": "ada@example.org"}
CHANGE_EXAMPLE: Final[Mapping[str, object]] = {"full_name": "Ada King", "bio": ""}
NEW_USER_EXAMPLE: Final[Mapping[str, object]] = {
    "username": "ada",
    "email": "ada@example.org",
    "password": "analytical engine",
    "full_name": "Ada Lovelace",
}


class UserData(Data):
    """A profile; `email` for its owner only."""

    id: int
    username: str
    email: str | None = None
    full_name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None
    created_at: datetime
    updated_at: datetime


def user_content(user: UserView, *, with_email: bool) -> dict[str, Any]:
    """A profile as a client sees it; what is not set is absent."""
    content: dict[str, Any] = {"id": user.id, "username": user.username}
    if with_email:
        content["email"] = user.email
    for name in ("full_name", "bio", "avatar_url"):
        value = getattr(user, name)
        if value is not None:
            content[name] = value
    content["created_at"] = user.created_at
    content["updated_at"] = user.updated_at
    return content


class UsersData(Data):
    """A page of all profiles."""

    users: list[UserData]
    total: int | None = None
    total_is_estimate: bool | None = None
    next_cursor: str | None = None


class FoundUsersData(Data):
    """A page of the profiles that a search found."""

    users: list[UserData]
    total: int
    total_is_estimate: bool | None = None
    page: int
    limit: int


class UsersQuery(QueryModel):
    """Which part of the list: after a cursor, or a page by number."""

    cursor: fields.SealedCursor = ""
    page: fields.LenientPage = 1
    limit: fields.LenientLimit = 20


class SearchQuery(QueryModel):
    """What is searched for, and which page of it."""

    query: str = Field(
        "", max_length=254, json_schema_extra={"minLength": 1, "x-parameter": {"required": True}}
    )
    page: fields.LenientPage = 1
    limit: fields.LenientLimit = 20


class NewUserBody(Body):
    """An account to be made."""

    username: fields.Username
    email: fields.Email
    password: fields.Password
    full_name: fields.FullName | None = None
    bio: fields.Bio | None = None
    avatar_url: fields.AvatarUrl | None = None


class UserChangeBody(Body):
    """The fields that change; an absent one stays as it is, an empty text clears it."""

    username: fields.Username | None = None
    email: fields.Email | None = None
    full_name: fields.FullName | None = None
    bio: fields.Bio | None = None


class NumberedUserChangeBody(UserChangeBody):
    """A change that names its user in the body (compat)."""

    id: fields.Id


class AvatarBody(Body):
    """A new avatar."""

    avatar_url: fields.AvatarUrlOrMedia


def new_account(body: NewUserBody) -> NewAccount:
    """What is to be made."""
    return NewAccount(
        body.username, body.email, body.password, body.full_name, body.bio, body.avatar_url
    )


def profile_change(body: UserChangeBody) -> ProfileChange:
    """What is to be changed."""
    return ProfileChange(body.username, body.email, body.full_name, body.bio)
