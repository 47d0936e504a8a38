"""People who do everything that is measured, well and badly, and what of it nobody may read."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

import httpx
from journeys.client import API, PATIENCE_SECONDS, Json, checked
from journeys.people import Person, Platform
from PIL import Image
from service_kit.testing import eventually

LEAST_LETTERS: Final = 8


@dataclass
class Life:
    """A platform in use; `secrets` is what must appear in no log, metric or span."""

    platform: Platform
    secrets: set[str] = field(default_factory=set)

    def know(self, *values: str) -> None:
        """Remember something secret."""
        assert all(len(value) >= LEAST_LETTERS for value in values)
        self.secrets.update(values)

    async def person(self, name: str) -> Person:
        """Somebody new."""
        person = await self.platform.person(name)
        assert person.client.token
        self.know(person.email, person.password, person.refresh_token, person.client.token)
        return person

    async def day(self) -> None:
        """A round of everything: the good, the refused, and the live channel over both carriers."""
        ada, grace = await asyncio.gather(self.person("ada"), self.person("grace"))
        async with self.platform.phone(ada) as phone, self.stream(ada):
            await grace.follow(ada)
            await phone.notification("follow_created")
        async with self.platform.phone(grace, after_seq=0) as phone:
            post = await ada.write("A title", content="text", tags=["tag"])
            await phone.notification("post_created")
        await self.reads(ada, grace, post)
        await self.picture(ada)
        await self.accounts(ada)
        await self.refusals(grace, post)
        await grace.unfollow(ada)
        await ada.client.delete(f"/posts/{post['id']}")

    async def reads(self, ada: Person, grace: Person, post: Json) -> None:
        """Pages, single things, inboxes."""
        for path in (
            f"/posts/{post['id']}",
            "/posts/list",
            f"/users/{ada.id}",
            f"/users/search?query={ada.username}",
            f"/relation/{ada.id}/followers",
            f"/relation/{grace.id}/followees",
            "/notification/feed",
            "/notification/unread-count",
        ):
            for _ in range(3):
                await grace.client.get(path)
        sent = {"user_id": ada.id, "type": "greeting", "payload": {"text": "hello"}}
        await grace.client.post("/notification/send", sent)
        await ada.client.put("/notification/read-all")

    async def picture(self, person: Person) -> None:
        """A file that is sent, worked on, and looked at."""
        content = BytesIO()
        Image.effect_noise((64, 48), 80).convert("RGB").save(content, "PNG")
        made = await self.platform.connection().post(
            f"{API}/media",
            files={"file": ("cat.png", content.getvalue(), "image/png")},
            headers={"authorization": f"Bearer {person.client.token}"},
        )
        path = f"/media/{checked(made).data['id']}"

        async def is_ready() -> bool:
            return bool((await person.client.get(path)).data["state"] == "ready")

        await eventually(is_ready, PATIENCE_SECONDS, "the picture is worked on")
        url = (await person.client.get(path)).data["url"]
        assert (await self.platform.connection().get(url)).status_code == 200

    async def accounts(self, person: Person) -> None:
        """Logging in, renewing, another password, a ticket in a URL, the end of a session."""
        device = await self.platform.login(person)
        assert device.client.token
        self.know(device.refresh_token, device.client.token)
        renewed = await device.client.post("/auth/refresh", {"refresh_token": device.refresh_token})
        self.know(renewed.data["refresh_token"], renewed.data["access_token"])
        ticket = await person.client.post("/notification/ws-ticket")
        self.know(ticket.data["ticket"])
        await self.upgrade(f"?ticket={ticket.data['ticket']}")
        changed = secrets.token_urlsafe(12)
        self.know(changed)
        body = {"old_password": person.password, "new_password": changed}
        await person.client.post("/auth/update-password", body)
        await device.client.post("/auth/logout", {"refresh_token": renewed.data["refresh_token"]})

    async def refusals(self, grace: Person, post: Json) -> None:
        """What clients get wrong, secrets in the wrong places among it."""
        anybody, wrong = self.platform.anybody(), secrets.token_urlsafe(12)
        self.know(wrong)
        again = {"username": grace.username, "email": grace.email, "password": wrong}
        await anybody.post("/auth/register", again)
        await anybody.post("/auth/register", {**again, "username": f"x-{secrets.token_hex(4)}"})
        await anybody.post("/auth/login", {"login": grace.username, "password": wrong})
        await anybody.post("/auth/login", {"login": grace.email, "password": wrong})
        await anybody.post("/auth/refresh", {"refresh_token": wrong})
        await anybody.get("/notification/feed")
        await anybody.call("GET", "/posts/list", headers={"authorization": f"Bearer {wrong}"})
        await anybody.get(f"/users/search?query={grace.email}")
        await anybody.get(f"/users/email/{grace.email}")
        await grace.client.get(f"/users/email/{grace.email}")
        await grace.client.put(f"/posts/{post['id']}", {"title": "not mine"})
        await grace.client.get("/posts/999999999")
        await grace.client.post("/relation/follow", {"followee_id": grace.id})
        await self.upgrade(f"?access_token={grace.client.token}")
        await self.platform.connection().get(f"/nowhere/{wrong}?token={grace.client.token}")

    async def upgrade(self, query: str) -> None:
        """Ask for the live stream with something in the URL, and go away."""
        path = f"{API}/notification/stream{query}"
        async with self.platform.connection().stream("GET", path) as answer:
            assert answer.status_code < 500

    @asynccontextmanager
    async def stream(self, person: Person) -> AsyncIterator[httpx.Response]:
        """Server-Sent Events of somebody, whose first frames have come."""
        headers = {"authorization": f"Bearer {person.client.token}"}
        path = f"{API}/notification/stream"
        async with self.platform.connection().stream("GET", path, headers=headers) as answer:
            lines = answer.aiter_lines()
            while not (await anext(lines)).startswith("event: ready"):
                pass
            yield answer
