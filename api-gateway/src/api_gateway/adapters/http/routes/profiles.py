"""One's own profile: changed, deleted."""

from datetime import datetime
from typing import Final

from service_kit.errors import PermissionDenied

from api_gateway.adapters.http.answer import Answer, no_content, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.conditional import entity_tag, require_match
from api_gateway.adapters.http.operations import (
    FORBIDDEN,
    MEDIA_NOT_FOUND,
    USER_NOT_FOUND,
    Access,
    Success,
    operation,
)
from api_gateway.adapters.http.profile_views import ProfileViews
from api_gateway.adapters.http.routes.users import EMAIL_TAKEN, USERNAME_TAKEN
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.users import (
    CHANGE_EXAMPLE,
    OWN_EXAMPLE,
    AvatarBody,
    NumberedUserChangeBody,
    UserChangeBody,
    UserData,
    profile_change,
    user_content,
)
from api_gateway.application.avatars import Avatars
from api_gateway.application.ports import Users
from api_gateway.domain.user import ProfileChange

_CHANGED: Final = Success(200, UserData, OWN_EXAMPLE, "user updated")
_CHANGE_ERRORS: Final = (FORBIDDEN, USER_NOT_FOUND, USERNAME_TAKEN, EMAIL_TAKEN)


class ProfileRoutes:
    """Changes on /users. With `emails_are_open` everybody sees every e-mail (compat)."""

    def __init__(self, users: Users, avatars: Avatars, *, emails_are_open: bool) -> None:
        self._users = users
        self._avatars = avatars
        self._views = ProfileViews(users, emails_are_open)

    @operation(
        "PUT",
        "/users/{user_id}",
        "updateUser",
        "Change one's own profile",
        access=Access.TOKEN,
        success=_CHANGED,
        errors=_CHANGE_ERRORS,
        conditional=True,
        example=CHANGE_EXAMPLE,
    )
    async def update(self, call: Call, user_id: fields.TextId, body: UserChangeBody) -> Answer:
        """A field that is absent stays as it is; an empty text clears it."""
        return await self._update(call, user_id, profile_change(body))

    @operation(
        "PUT",
        "/users",
        "updateUserByBody",
        "Change one's own profile, named in the body",
        access=Access.TOKEN,
        success=_CHANGED,
        errors=_CHANGE_ERRORS,
        conditional=True,
        example={"id": 7, **CHANGE_EXAMPLE},
        deprecated=True,
    )
    async def update_by_body(self, call: Call, body: NumberedUserChangeBody) -> Answer:
        """The same as PUT /users/{user_id}, for existing clients."""
        return await self._update(call, body.id, profile_change(body))

    @operation(
        "PUT",
        "/users/avatar",
        "updateAvatar",
        "Replace one's own avatar",
        access=Access.TOKEN,
        success=Success(message="avatar updated"),
        errors=(FORBIDDEN, USER_NOT_FOUND, MEDIA_NOT_FOUND),
        conditional=True,
        example={"avatar_url": "https://cdn.example.org/ada.png"},
    )
    async def update_avatar(self, call: Call, body: AvatarBody) -> Answer:
        """An address is stored, never fetched; an id is one of a picture that was uploaded."""
        caller_id = call.caller.user_id
        address = await self._avatars.address(body.avatar_url, caller_id)
        expected = await self._own(call, caller_id)
        await self._users.update_avatar(caller_id, caller_id, address, expected)
        return ok(message="avatar updated")

    @operation(
        "DELETE",
        "/users/{user_id}",
        "deleteUser",
        "Delete one's own account",
        access=Access.TOKEN,
        success=Success(204),
        errors=(FORBIDDEN, USER_NOT_FOUND),
        conditional=True,
    )
    async def delete(self, call: Call, user_id: fields.TextId) -> Answer:
        """Everything that belongs to the account goes with it; its tokens are void."""
        expected = await self._own(call, user_id)
        await self._users.delete(call.caller.user_id, user_id, expected)
        return no_content()

    async def _update(self, call: Call, user_id: int, change: ProfileChange) -> Answer:
        expected = await self._own(call, user_id)
        user = await self._users.update(call.caller.user_id, user_id, change, expected)
        answer = ok(self._views.content(call, user), "user updated")
        return answer.add("etag", entity_tag(answer.data))

    async def _own(self, call: Call, user_id: int) -> datetime | None:
        """Refuse a stranger, then a change of what the caller has not seen.

        Returns the version that was seen, where If-Match names one. Where reads are open a profile
        is read as a stranger sees it, also by its owner.
        """
        if call.caller.user_id != user_id:
            raise PermissionDenied
        if call.field("if-match") is None:
            return None
        user = await self._views.existing(user_id)
        seen = (user_content(user, with_email=with_email) for with_email in (True, False))
        return user.updated_at if require_match(call, *seen) else None
