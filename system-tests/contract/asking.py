"""A request to every operation that would succeed, if its caller may make it."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from journeys.client import Json
from journeys.people import Person, Platform

PASSWORD: Final = "a harbour at dawn"


@dataclass(frozen=True)
class Asked:
    """What goes into a request, and who owns what it is about."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: object = None
    owner: Person | None = None


@dataclass(frozen=True)
class Asking:
    """The people of a request: who owns things, somebody else, and whoever makes the request."""

    platform: Platform
    owner: Person
    other: Person
    caller: Person

    async def about(self, operation_id: str) -> Asked:
        """A request to an operation, with everything made that it needs."""
        make = _REQUESTS.get(operation_id)
        return await make(self) if make else Asked()

    async def post(self) -> Asked:
        """A post of the owner's."""
        made = await self.owner.write("Harbour at dawn")
        return Asked({"post_id": made["id"]}, body={"title": "Harbour at noon"})

    async def muted(self) -> Asked:
        """Somebody whom the owner has muted."""
        await self.owner.client.put(f"/notification/mutes/{self.other.id}")
        return Asked({"user_id": self.other.id})

    async def notification(self) -> Asked:
        """A notification in the owner's inbox."""
        body = {"user_id": self.owner.id, "type": "greeting"}
        sent = (await self.other.client.post("/notification/send", body)).data
        return Asked({"notification_id": sent["notification_id"]})

    async def session(self) -> Asked:
        """A session of the owner's, on another device."""
        await self.platform.login(self.owner)
        sessions = (await self.owner.client.get("/auth/sessions")).data["sessions"]
        elsewhere = next(one for one in sessions if not one["current"])
        return Asked({"session_id": elsewhere["id"]})

    async def refresh_token(self) -> Asked:
        """A refresh token that is good."""
        elsewhere = await self.platform.login(self.owner)
        return Asked(body={"refresh_token": elsewhere.refresh_token})

    async def deletable(self) -> Asked:
        """An account that nobody else needs."""
        person = await self.platform.person("leaving")
        return Asked({"user_id": person.id}, owner=person)

    async def to_follow(self) -> Asked:
        """Somebody whom the caller does not follow."""
        body = self._follower_body()
        await self.caller.client.post("/relation/unfollow", body)
        return Asked(body=body)

    async def to_unfollow(self) -> Asked:
        """Somebody whom the caller follows."""
        body = self._follower_body()
        await self.caller.client.post("/relation/follow", body)
        return Asked(body=body)

    async def owner_path(self) -> Asked:
        """The owner's own profile."""
        return Asked({"user_id": self.owner.id}, body={"bio": "Gulls"})

    async def password(self) -> Asked:
        """A change of the caller's password, to the same."""
        same = self.caller.password
        return Asked(body={"old_password": same, "new_password": same})

    def _follower_body(self) -> Json:
        followee = self.other if self.caller is self.owner else self.owner
        return {"followee_id": followee.id}


def account() -> Json:
    """A registration that nobody has made."""
    name = f"new-{secrets.token_hex(5)}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


def _fixed(make: Callable[[Asking], Asked]) -> Callable[[Asking], Awaitable[Asked]]:
    async def made(asking: Asking) -> Asked:
        return make(asking)

    return made


_REQUESTS: Final[Mapping[str, Callable[[Asking], Awaitable[Asked]]]] = {
    "register": _fixed(lambda _: Asked(body=account())),
    "createUser": _fixed(lambda _: Asked(body=account())),
    "login": _fixed(
        lambda it: Asked(body={"login": it.owner.email, "password": it.owner.password})
    ),
    "refresh": Asking.refresh_token,
    "logout": Asking.refresh_token,
    "updatePassword": Asking.password,
    "updatePasswordByPost": Asking.password,
    "revokeSession": Asking.session,
    "searchUsers": _fixed(lambda it: Asked(query={"query": it.owner.username})),
    "getUser": Asking.owner_path,
    "getUserByUsername": _fixed(lambda it: Asked({"username": it.owner.username})),
    "getUserByEmail": _fixed(lambda it: Asked({"email": it.owner.email})),
    "updateUser": Asking.owner_path,
    "updateUserByBody": _fixed(lambda it: Asked(body={"id": it.owner.id, "bio": "Gulls"})),
    "updateAvatar": _fixed(lambda _: Asked(body={"avatar_url": "https://example.com/a.png"})),
    "deleteUser": Asking.deletable,
    "createPost": _fixed(lambda _: Asked(body={"title": "Harbour at dawn"})),
    "getPost": Asking.post,
    "updatePost": Asking.post,
    "deletePost": Asking.post,
    "follow": Asking.to_follow,
    "unfollow": Asking.to_unfollow,
    "listFollowers": Asking.owner_path,
    "listFollowees": Asking.owner_path,
    "checkRelations": _fixed(lambda it: Asked(query={"ids": f"{it.owner.id},{it.other.id}"})),
    "getNotification": Asking.notification,
    "readNotification": Asking.notification,
    "archiveNotification": Asking.notification,
    "unarchiveNotification": Asking.notification,
    "removeNotification": Asking.notification,
    "sendNotification": _fixed(lambda it: Asked(body={"user_id": it.owner.id, "type": "greeting"})),
    "mute": _fixed(lambda it: Asked({"user_id": it.other.id})),
    "unmute": Asking.muted,
    "getAsset": _fixed(lambda _: Asked({"name": "start.js"})),
}


def takes_body(operation: Mapping[str, Any]) -> bool:
    """Whether an operation has a body at all: a request may carry more than it needs."""
    return "requestBody" in operation
