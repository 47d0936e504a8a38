"""A request to every operation that would succeed, if its caller may make it."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final
from uuid import uuid4

from journeys.client import API, PATIENCE_SECONDS, Json, checked
from journeys.people import Person, Platform
from PIL import Image
from service_kit.testing import eventually

PASSWORD: Final = "a harbour at dawn"


@dataclass(frozen=True)
class Asked:
    """What goes into a request, and who owns what it is about."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: object = None
    owner: Person | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


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
        user_id = self._follower_body()["followee_id"]
        await self.caller.client.put(f"/notification/mutes/{user_id}")
        return Asked({"user_id": user_id})

    async def notification(self) -> Asked:
        """A notification in the owner's inbox."""
        body = {"user_id": self.owner.id, "type": "greeting"}
        sent = (await self.other.client.post("/notification/send", body)).data
        return Asked({"notification_id": sent["notification_id"]})

    async def media(self) -> Asked:
        """A picture of the owner's."""
        made = await sent(self.platform, self.owner)
        return Asked({"media_id": made["id"]})

    async def shown(self) -> Asked:
        """A picture of the owner's that can be seen."""
        made = await sent(self.platform, self.owner)

        async def is_ready() -> bool:
            found: Json = (await self.owner.client.get(f"/media/{made['id']}")).data
            return bool(found["state"] == "ready")

        await eventually(is_ready, PATIENCE_SECONDS)
        return Asked({"key": str(made["url"]).rpartition("/")[2]})

    async def upload(self) -> Asked:
        """A resumable upload of the owner's, and its first piece."""
        answer = await self.platform.connection().post(
            f"{API}/media/uploads",
            headers={"authorization": f"Bearer {self.owner.client.token}", "upload-length": "10"},
        )
        piece = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
        upload_id = checked(answer).data["id"]
        return Asked({"upload_id": upload_id}, headers=piece, content=b"\x89PNG")

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


def picture() -> bytes:
    """A PNG, its like nobody else has."""
    output = BytesIO()
    Image.effect_noise((32, 32), 80).convert("RGB").save(output, "PNG")
    return output.getvalue()


def form() -> Asked:
    """A form with a picture."""
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    content = head.encode() + picture() + b"\r\n--b--\r\n"
    return Asked(headers={"content-type": "multipart/form-data; boundary=b"}, content=content)


async def sent(platform: Platform, person: Person) -> Json:
    """A new picture of somebody's."""
    asked, token = form(), f"Bearer {person.client.token}"
    answer = await platform.connection().post(
        f"{API}/media", content=asked.content, headers={**asked.headers, "authorization": token}
    )
    made: Json = checked(answer).data
    return made


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
    "explainNotification": Asking.notification,
    "explainEvent": _fixed(lambda _: Asked(query={"event_id": str(uuid4())})),
    "archiveNotification": Asking.notification,
    "unarchiveNotification": Asking.notification,
    "removeNotification": Asking.notification,
    "sendNotification": _fixed(lambda it: Asked(body={"user_id": it.owner.id, "type": "greeting"})),
    "mute": Asking.muted,
    "unmute": Asking.muted,
    "getAsset": _fixed(lambda _: Asked({"name": "start.js"})),
    "getLiveAsset": _fixed(lambda _: Asked({"name": "style.css"})),
    "uploadMedia": _fixed(lambda _: form()),
    "getMedia": Asking.media,
    "deleteMedia": Asking.media,
    "readMedia": Asking.shown,
    "beginUpload": _fixed(lambda _: Asked(headers={"upload-length": "10"})),
    "getUpload": Asking.upload,
    "appendUpload": Asking.upload,
    "abortUpload": Asking.upload,
}


def takes_body(operation: Mapping[str, Any]) -> bool:
    """Whether an operation has a body at all: a request may carry more than it needs."""
    return "requestBody" in operation
