"""Signing keys change under steady requests, and nobody notices."""

import asyncio
import os
import sys
from dataclasses import dataclass, field

import jwt
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from journeys.people import Person, Platform

LEAD_SECONDS = 12
"""Longer than a gateway waits between two looks for a key that it does not know."""
ROTATED_WITHIN_SECONDS = 40
ROTATE = ("auth_service.rotate_keys", "--lead-seconds", str(LEAD_SECONDS))


@dataclass
class Reader:
    """Somebody who asks all the time, and renews the token all the time."""

    platform: Platform
    person: Person
    tokens: dict[str, str] = field(default_factory=dict)
    over: bool = False
    requests: int = 0

    async def run(self) -> None:
        """Ask until told that it is over; whatever is refused fails the test."""
        while not self.over:
            await self._renew()
            for number in range(10):
                client = self.platform.anybody(number).signed_in(self.person.client)
                answer = await client.get("/notification/unread-count")
                assert answer.status == 200, answer.body
                self.requests += 1

    async def _renew(self) -> None:
        body = {"refresh_token": self.person.refresh_token}
        pair = (await self.platform.anybody(self.requests).post("/auth/refresh", body)).data
        token = self.person.client.token = pair["access_token"]
        self.person.refresh_token = pair["refresh_token"]
        self.tokens[jwt.get_unverified_header(token)["kid"]] = token


async def rotate(stack: Stack) -> str:
    """Do what `make rotate-keys` does; what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pinstack_local", "attach", "--", sys.executable, "-m", *ROTATE),
        env={"PATH": os.environ["PATH"], "PINSTACK_DATA_DIR": str(stack.settings.data_dir)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def published(platform: Platform) -> set[str]:
    """The ids of the keys that every gateway publishes."""
    sets = [
        {key["kid"] for key in (await connection.get("/.well-known/jwks.json")).json()["keys"]}
        for connection in map(platform.connection, (0, 1))
    ]
    return set.intersection(*sets)


async def test_a_rotation_under_load_loses_no_request(platform: Platform, stack: Stack) -> None:
    readers = [Reader(platform, await platform.person("reader")) for _ in range(6)]
    async with asyncio.TaskGroup() as tasks:
        for reader in readers:
            tasks.create_task(reader.run())
        await eventually(lambda: all(reader.tokens for reader in readers))
        (old,) = {kid for reader in readers for kid in reader.tokens}
        said = await rotate(stack)

        def all_have_changed() -> bool:
            return all(len(reader.tokens) == 2 for reader in readers)

        await eventually(all_have_changed, ROTATED_WITHIN_SECONDS, "the new key signs")
        for reader in readers:
            reader.over = True
    (new,) = {kid for reader in readers for kid in reader.tokens} - {old}
    assert f"signing key {new} is published" in said
    for reader in readers:
        reader.person.client.token = reader.tokens[old]
        assert await reader.person.unread() == 0
    assert {old, new} <= await published(platform)


async def test_a_role_that_is_granted_is_in_the_next_token(
    platform: Platform, stack: Stack
) -> None:
    ada = await platform.person("ada")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pinstack_local", "attach", "--"),
        *(sys.executable, "-m", "auth_service.grant_role", "--login", ada.email, "staff"),
        env={"PATH": os.environ["PATH"], "PINSTACK_DATA_DIR": str(stack.settings.data_dir)},
    )
    assert await process.wait() == 0
    answer = await platform.anybody().post("/auth/refresh", {"refresh_token": ada.refresh_token})
    claims = jwt.decode(answer.data["access_token"], options={"verify_signature": False})
    assert sorted(claims["roles"]) == ["staff", "user"]
