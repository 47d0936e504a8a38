"""Profiles as those who ask may see them."""

from dataclasses import dataclass
from typing import Any

from service_kit.errors import NotFound

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import USER_NOT_FOUND
from api_gateway.adapters.http.schemas.users import user_content
from api_gateway.application.ports import Users
from api_gateway.domain.user import UserView


class UserNotFound(NotFound):
    """No such profile."""

    code = USER_NOT_FOUND.code
    message = USER_NOT_FOUND.message


@dataclass(frozen=True, slots=True)
class ProfileViews:
    """What is seen of profiles. With `emails_are_open` everybody sees every e-mail (compat)."""

    users: Users
    emails_are_open: bool

    async def existing(self, user_id: int) -> UserView:
        """The profile. Raises `UserNotFound`."""
        user = await self.users.get(user_id)
        if user is None:
            raise UserNotFound
        return user

    def found(self, call: Call, user: UserView | None) -> Answer:
        """The answer of a search for one. Raises `UserNotFound`."""
        if user is None:
            raise UserNotFound
        return ok(self.content(call, user), "user found")

    def content(self, call: Call, user: UserView) -> dict[str, Any]:
        """The profile as the caller sees it: its owner with the e-mail address."""
        owner = call.principal is not None and call.principal.user_id == user.id
        return user_content(user, with_email=owner or self.emails_are_open)
