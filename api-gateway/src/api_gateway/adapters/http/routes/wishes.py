"""What one wants to be told: preferences, and people who are muted."""

from typing import Annotated, Final

from fastapi import Query

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
from api_gateway.adapters.http.schemas.envelopes import MessageData
from api_gateway.adapters.http.schemas.wishes import (
    MUTE_EXAMPLE,
    PREFERENCES_EXAMPLE,
    MutesData,
    MutesQuery,
    PreferencesBody,
    PreferencesData,
    mute_content,
    preferences_content,
)
from api_gateway.application.wishes import NamedMutes, Wishes
from api_gateway.domain.cursor import Cursors

_MUTED: Final = "Muted successfully"
_UNMUTED: Final = "Unmuted successfully"


class WishRoutes:
    """Operations on /notification/preferences and /notification/mutes."""

    def __init__(self, wishes: Wishes, mutes: NamedMutes, cursors: Cursors) -> None:
        self._wishes = wishes
        self._mutes = mutes
        self._cursors = cursors

    @operation(
        "GET",
        "/notification/preferences",
        "getPreferences",
        "What one wants to be told",
        access=Access.TOKEN,
        success=Success(200, PreferencesData, PREFERENCES_EXAMPLE, "preferences found"),
    )
    async def preferences(self, call: Call) -> Answer:
        """Per type: into the inbox or not, pushed or not; and the hours in which nothing is."""
        found = await self._wishes.preferences(call.caller.user_id)
        return ok(preferences_content(found), "preferences found")

    @operation(
        "PUT",
        "/notification/preferences",
        "setPreferences",
        "Say what one wants to be told",
        access=Access.TOKEN,
        success=Success(200, PreferencesData, PREFERENCES_EXAMPLE, "preferences saved"),
        example=PREFERENCES_EXAMPLE,
    )
    async def set_preferences(self, call: Call, body: PreferencesBody) -> Answer:
        """It replaces all that was said before; what is in the inbox already stays there.

        In quiet hours everything comes into the inbox, with its place, and nothing is pushed.
        """
        kept = await self._wishes.replace(call.caller.user_id, body.preferences())
        return ok(preferences_content(kept), "preferences saved")

    @operation(
        "GET",
        "/notification/mutes",
        "listMutes",
        "Of whose posts one is not told",
        access=Access.TOKEN,
        success=Success(200, MutesData, {"mutes": [MUTE_EXAMPLE]}, "mutes found"),
    )
    async def mutes(self, call: Call, query: Annotated[MutesQuery, Query()]) -> Answer:
        """By id; a person who is gone is shown as `deleted`."""
        user_id = call.caller.user_id
        kind = f"mutes:{user_id}"
        request = query.request(self._cursors.open(kind, query.cursor))
        found = await self._mutes.page(user_id, request)
        next_cursor = self._cursors.seal(kind, found.next_cursor)
        content: dict[str, object] = {"mutes": [mute_content(one) for one in found.items]}
        if next_cursor:
            content["next_cursor"] = next_cursor
        return ok(content, "mutes found", next_link=call.next_link(next_cursor))

    @operation(
        "PUT",
        "/notification/mutes/{user_id}",
        "mute",
        "Be told no more of somebody's posts",
        access=Access.TOKEN,
        success=Success(200, MessageData, {"message": _MUTED}, _MUTED),
        errors=(
            Refusal(400, "CANNOT_MUTE_YOURSELF", "cannot mute yourself"),
            USER_NOT_FOUND,
        ),
    )
    async def mute(self, call: Call, user_id: fields.TextId) -> Answer:
        """One goes on following; what one was told stays. Muting again changes nothing."""
        await self._wishes.mute(call.caller.user_id, user_id)
        return ok({"message": _MUTED}, _MUTED)

    @operation(
        "DELETE",
        "/notification/mutes/{user_id}",
        "unmute",
        "Be told of somebody's posts again",
        access=Access.TOKEN,
        success=Success(200, MessageData, {"message": _UNMUTED}, _UNMUTED),
        errors=(Refusal(404, "MUTE_NOT_FOUND", "mute not found"),),
    )
    async def unmute(self, call: Call, user_id: fields.TextId) -> Answer:
        """Of those that come from now on."""
        await self._wishes.unmute(call.caller.user_id, user_id)
        return ok({"message": _UNMUTED}, _UNMUTED)
