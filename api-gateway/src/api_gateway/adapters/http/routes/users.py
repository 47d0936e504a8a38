"""Profiles: made, read, searched, changed, deleted."""

from typing import Any, Final

from service_kit.errors import InvalidArgument, NotFound

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import (
    USER_NOT_FOUND,
    Access,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.users import (
    EXAMPLE,
    UserData,
    user_content,
)
from api_gateway.application.ports import Accounts, Users
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.user import UserView

USERNAME_TAKEN: Final = Refusal(409, "USERNAME_TAKEN", "username already exists")
EMAIL_TAKEN: Final = Refusal(409, "EMAIL_TAKEN", "email already exists")
_LIST: Final = "users"
_USER: Final = Success(200, UserData, EXAMPLE, "user found")
_OWN_EXAMPLE: Final = {**EXAMPLE, "email": "ada@example.org"}


class UserNotFound(NotFound):
    """No such profile."""

    code = "USER_NOT_FOUND"
    message = "user not found"


class InvalidSearchQuery(InvalidArgument):
    """Nothing to search for."""

    code = "INVALID_SEARCH_QUERY"
    message = "invalid search query"


class UserRoutes:
    """Operations on /users."""

    def __init__(
        self, users: Users, accounts: Accounts, cursors: Cursors, *, emails_are_open: bool
    ) -> None:
        self._users = users
        self._accounts = accounts
        self._cursors = cursors
        self._emails_are_open = emails_are_open

    @operation(
        "GET",
        "/users/{user_id}",
        "getUser",
        "One user by id",
        access=Access.READ,
        success=_USER,
        errors=(USER_NOT_FOUND,),
    )
    async def get(self, call: Call, user_id: fields.TextId) -> Answer:
        """A profile; the e-mail address is in it for its owner only."""
        return self._found(call, await self._users.get(user_id))

    def _found(self, call: Call, user: UserView | None) -> Answer:
        if user is None:
            raise UserNotFound
        return ok(self._content(call, user), "user found")

    def _content(self, call: Call, user: UserView) -> dict[str, Any]:
        owner = call.principal is not None and call.principal.user_id == user.id
        return user_content(user, with_email=owner or self._emails_are_open)
