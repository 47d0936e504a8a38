"""Profiles: made, read, searched."""

from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import Query
from service_kit.errors import InvalidArgument

from api_gateway.adapters.http.answer import Answer, created, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.idempotency import FIELD as IDEMPOTENCY_KEY
from api_gateway.adapters.http.operations import (
    USER_NOT_FOUND,
    Access,
    Hot,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.profile_views import ProfileViews
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.users import (
    NEW_USER_EXAMPLE,
    OWN_EXAMPLE,
    PUBLIC_EXAMPLE,
    FoundUsersData,
    NewUserBody,
    SearchQuery,
    UserData,
    UsersData,
    UsersQuery,
    new_account,
    user_content,
)
from api_gateway.application.deep_pages import within_reach
from api_gateway.application.ports import Accounts, Users
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.page import PageRequest

USERNAME_TAKEN: Final = Refusal(409, "USERNAME_TAKEN", "username already exists")
EMAIL_TAKEN: Final = Refusal(409, "EMAIL_TAKEN", "email already exists")
_INVALID_SEARCH_QUERY: Final = Refusal(400, "INVALID_SEARCH_QUERY", "invalid search query")
_BUSY: Final = Refusal(503, "REGISTRATION_BUSY", "registration in progress")
_KEY_REUSED: Final = Refusal(
    409, "IDEMPOTENCY_KEY_REUSED", "idempotency key already used for another registration"
)
_CURSOR_KIND: Final = "users"
_ONE: Final = Success(200, UserData, PUBLIC_EXAMPLE, "user found")


class InvalidSearchQuery(InvalidArgument):
    """Nothing to search for."""

    code = _INVALID_SEARCH_QUERY.code
    message = _INVALID_SEARCH_QUERY.message


class UserRoutes:
    """Operations on /users that change no profile.

    With `emails_are_open` everybody sees every e-mail (compat).
    """

    def __init__(
        self,
        users: Users,
        accounts: Accounts,
        cursors: Cursors,
        *,
        emails_are_open: bool,
    ) -> None:
        self._users = users
        self._accounts = accounts
        self._cursors = cursors
        self._emails_are_open = emails_are_open
        self._views = ProfileViews(users, emails_are_open)

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
        user = made.profile(account) or await self._views.existing(made.user_id)
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
        content: dict[str, Any] = {
            "users": [self._views.content(call, user) for user in page.items]
        }
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
            "users": [self._views.content(call, user) for user in page.items],
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
        answer = self._views.found(call, await self._users.get(user_id))
        answer.about, answer.alone = user_id, True
        return answer

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
        return self._views.found(call, await self._users.by_username(username))

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
        return self._views.found(call, await self._users.by_email(email))


def _registration_key(call: Call) -> str:
    """The caller's Idempotency-Key for auth-service, short enough; empty without one.

    Unlike `upstream_key` it has nothing of the request in it, as there is a password there.
    """
    given = call.field(IDEMPOTENCY_KEY)
    return sha256(f"{call.caller.user_id}\0{given}".encode()).hexdigest() if given else ""
