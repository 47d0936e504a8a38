"""Profiles: made, read, searched, changed, deleted."""

from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import Query
from service_kit.errors import FieldViolation, InvalidArgument, NotFound, PermissionDenied

from api_gateway.adapters.http.answer import Answer, created, no_content, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.conditional import entity_tag, require_match
from api_gateway.adapters.http.idempotency import FIELD as IDEMPOTENCY_KEY
from api_gateway.adapters.http.operations import (
    FORBIDDEN,
    MEDIA_NOT_FOUND,
    USER_NOT_FOUND,
    Access,
    Hot,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.users import (
    CHANGE_EXAMPLE,
    NEW_USER_EXAMPLE,
    OWN_EXAMPLE,
    PUBLIC_EXAMPLE,
    AvatarBody,
    FoundUsersData,
    NewUserBody,
    NumberedUserChangeBody,
    SearchQuery,
    UserChangeBody,
    UserData,
    UsersData,
    UsersQuery,
    new_account,
    profile_change,
    user_content,
)
from api_gateway.application.deep_pages import within_reach
from api_gateway.application.media import Media
from api_gateway.application.ports import Accounts, Users
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.page import PageRequest
from api_gateway.domain.user import ProfileChange, UserView

USERNAME_TAKEN: Final = Refusal(409, "USERNAME_TAKEN", "username already exists")
EMAIL_TAKEN: Final = Refusal(409, "EMAIL_TAKEN", "email already exists")
_INVALID_SEARCH_QUERY: Final = Refusal(400, "INVALID_SEARCH_QUERY", "invalid search query")
_BUSY: Final = Refusal(503, "REGISTRATION_BUSY", "registration in progress")
_KEY_REUSED: Final = Refusal(
    409, "IDEMPOTENCY_KEY_REUSED", "idempotency key already used for another registration"
)
_CURSOR_KIND: Final = "users"
_ONE: Final = Success(200, UserData, PUBLIC_EXAMPLE, "user found")
_CHANGED: Final = Success(200, UserData, OWN_EXAMPLE, "user updated")
_CHANGE_ERRORS: Final = (FORBIDDEN, USER_NOT_FOUND, USERNAME_TAKEN, EMAIL_TAKEN)


class UserNotFound(NotFound):
    """No such profile."""

    code = USER_NOT_FOUND.code
    message = USER_NOT_FOUND.message


class InvalidSearchQuery(InvalidArgument):
    """Nothing to search for."""

    code = _INVALID_SEARCH_QUERY.code
    message = _INVALID_SEARCH_QUERY.message


class UserRoutes:
    """Operations on /users. With `emails_are_open` everybody sees every e-mail (compat)."""

    def __init__(
        self,
        users: Users,
        accounts: Accounts,
        media: Media,
        cursors: Cursors,
        *,
        emails_are_open: bool,
    ) -> None:
        self._media = media
        self._users = users
        self._accounts = accounts
        self._cursors = cursors
        self._emails_are_open = emails_are_open

    @operation(
        "POST",
        "/users",
        "createUser",
        "Make an account for somebody",
        access=Access.TOKEN,
        hashes=True,
        success=Success(201, UserData, OWN_EXAMPLE, "user created"),
        errors=(USERNAME_TAKEN, EMAIL_TAKEN, _BUSY, _KEY_REUSED),
        example=NEW_USER_EXAMPLE,
    )
    async def create(self, call: Call, body: NewUserBody) -> Answer:
        """The new account is not signed in; its creator sees its e-mail address this once."""
        account = new_account(body)
        made = await self._accounts.create(account, _registration_key(call))
        user = made.profile(account) or await self._existing(made.user_id)
        return created(user_content(user, with_email=True), "user created")

    @operation(
        "GET",
        "/users",
        "listUsers",
        "All users, page by page",
        access=Access.READ,
        success=Success(200, UsersData, {"users": [PUBLIC_EXAMPLE], "total": 1}, "users found"),
    )
    async def browse(self, call: Call, query: Annotated[UsersQuery, Query()]) -> Answer:
        """Ordered by id. `cursor` reaches everything; `page` is for compatibility, and bounded."""
        cursor = self._cursors.open(_CURSOR_KIND, query.cursor)
        page = await self._users.page(PageRequest(query.page, query.limit, cursor))
        content: dict[str, Any] = {"users": [self._content(call, user) for user in page.items]}
        if page.total is not None:
            content["total"] = page.total
        if page.total_is_estimate:
            content["total_is_estimate"] = True
        if following := self._cursors.seal(_CURSOR_KIND, page.next_cursor):
            content["next_cursor"] = following
        return ok(content, "users found", next_link=call.next_link(following))

    @operation(
        "GET",
        "/users/search",
        "searchUsers",
        "Users whose username or full name contains a text",
        access=Access.READ,
        success=Success(
            200,
            FoundUsersData,
            {"users": [PUBLIC_EXAMPLE], "total": 1, "page": 1, "limit": 20},
            "users found",
        ),
        errors=(_INVALID_SEARCH_QUERY,),
    )
    async def search(self, call: Call, query: Annotated[SearchQuery, Query()]) -> Answer:
        """Without regard to case, `%` and `_` are plain characters; ordered by id."""
        if not query.query:
            raise InvalidSearchQuery
        find = partial(self._users.search, query.query, include_email=self._emails_are_open)
        page = await within_reach(PageRequest(query.page, query.limit), find)
        content: dict[str, Any] = {
            "users": [self._content(call, user) for user in page.items],
            "total": page.total or 0,
            "page": query.page,
            "limit": query.limit,
        }
        if page.total_is_estimate:
            content["total_is_estimate"] = True
        return ok(content, "users found")

    @operation(
        "GET",
        "/users/{user_id}",
        "getUser",
        "One user by id",
        access=Access.READ,
        success=_ONE,
        errors=(USER_NOT_FOUND,),
        hot=Hot.SHARED,
        apart="user_id",
    )
    async def get(self, call: Call, user_id: fields.TextId) -> Answer:
        """A profile; the e-mail address is in it for its owner only."""
        return self._found(call, await self._users.get(user_id))

    @operation(
        "GET",
        "/users/username/{username}",
        "getUserByUsername",
        "One user by username",
        access=Access.READ,
        success=_ONE,
        errors=(USER_NOT_FOUND,),
    )
    async def get_by_username(self, call: Call, username: fields.Username) -> Answer:
        """Without regard to case."""
        return self._found(call, await self._users.by_username(username))

    @operation(
        "GET",
        "/users/email/{email}",
        "getUserByEmail",
        "One user by e-mail address",
        access=Access.READ,
        success=_ONE,
        errors=(USER_NOT_FOUND,),
    )
    async def get_by_email(self, call: Call, email: fields.Email) -> Answer:
        """Without regard to case."""
        return self._found(call, await self._users.by_email(email))

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
        address = await self._address(body.avatar_url, caller_id)
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

    async def _address(self, avatar: str | int, caller_id: int) -> str:
        if isinstance(avatar, str):
            return avatar
        item = await self._media.get(avatar, caller_id)
        if item.type != "image" or item.state == "failed":
            raise InvalidArgument(violations=[FieldViolation("avatar_url", "must be a picture")])
        return item.url

    async def _update(self, call: Call, user_id: int, change: ProfileChange) -> Answer:
        expected = await self._own(call, user_id)
        user = await self._users.update(call.caller.user_id, user_id, change, expected)
        answer = ok(self._content(call, user), "user updated")
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
        user = await self._existing(user_id)
        seen = (user_content(user, with_email=with_email) for with_email in (True, False))
        return user.updated_at if require_match(call, *seen) else None

    async def _existing(self, user_id: int) -> UserView:
        user = await self._users.get(user_id)
        if user is None:
            raise UserNotFound
        return user

    def _found(self, call: Call, user: UserView | None) -> Answer:
        if user is None:
            raise UserNotFound
        return ok(self._content(call, user), "user found")

    def _content(self, call: Call, user: UserView) -> dict[str, Any]:
        owner = call.principal is not None and call.principal.user_id == user.id
        return user_content(user, with_email=owner or self._emails_are_open)


def _registration_key(call: Call) -> str:
    """The caller's Idempotency-Key for auth-service, short enough; empty without one.

    Unlike `upstream_key` it has nothing of the request in it, as there is a password there.
    """
    given = call.field(IDEMPOTENCY_KEY)
    return sha256(f"{call.caller.user_id}\0{given}".encode()).hexdigest() if given else ""
