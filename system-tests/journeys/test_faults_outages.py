"""A service is dead: what needs it says so at once, and the rest goes on."""

import time
from dataclasses import dataclass
from itertools import count

import pytest

from journeys.client import Answer, Client, Json
from journeys.machine import Machine
from journeys.people import Person, Platform
from journeys.traffic import key

pytestmark = pytest.mark.faults

AT_ONCE_SECONDS = 3
AT_THE_LATEST_SECONDS = 6
DOWN = (503, "external service unavailable")
SLOW = (504, "external service timeout")
NOBODY = 2**40
STRANGERS = count(NOBODY + 1)
"""People whom nobody has asked for: a gateway answers at once what it keeps."""


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    body: Json | None = None


PROBES = {
    "user-service": Call("GET", "/users/search?query=ada"),
    "auth-service": Call("GET", "/auth/sessions"),
    "post-service": Call("GET", "/posts/list?author_id={stranger}"),
    "relation-service": Call("GET", "/relation/check?ids=1"),
    "notification-service": Call("GET", "/notification/unread-count"),
}
"""What each service answers by itself, from its database."""

ACCOUNT: Json = {"username": "late-comer", "email": "late@example.com", "password": "long enough"}
NEEDS = {
    "user-service": [
        Call("GET", "/users/{me}"),
        Call("PUT", "/users/{me}", {"bio": "…"}),
        Call("POST", "/auth/register", ACCOUNT),
        Call("POST", "/posts", {"title": "…"}),
        Call("POST", "/relation/follow", {"followee_id": NOBODY}),
    ],
    "auth-service": [
        Call("POST", "/auth/register", ACCOUNT),
        Call("POST", "/auth/login", {"login": "ada", "password": "…"}),
        Call("POST", "/auth/refresh", {"refresh_token": "…"}),
        Call("PUT", "/auth/update-password", {"old_password": "…", "new_password": "long enough"}),
    ],
    "post-service": [
        Call("POST", "/posts", {"title": "…"}),
        Call("GET", "/posts/1"),
        Call("PUT", "/posts/1", {"title": "…"}),
        Call("DELETE", "/posts/1"),
    ],
    "relation-service": [
        Call("POST", "/relation/follow", {"followee_id": NOBODY}),
        Call("POST", "/relation/unfollow", {"followee_id": NOBODY}),
        Call("GET", "/relation/{me}/followers"),
    ],
    "notification-service": [
        Call("GET", "/notification/feed"),
        Call("PUT", "/notification/read-all", {}),
        Call("POST", "/notification/send", {"user_id": 1, "type": "greeting"}),
    ],
}


async def ask(person: Person, call: Call, within: float) -> tuple[int, str]:
    """Status and message of an answer, which must be there in time."""
    started = time.monotonic()
    path = call.path.format(me=person.id, stranger=next(STRANGERS))
    answer = await person.client.call(call.method, path, call.body)
    took = time.monotonic() - started
    assert took < within, f"{call.method} {path} took {took:.1f} s"
    return (answer.status, answer.body["message"])


@pytest.mark.parametrize("name", NEEDS)
async def test_what_needs_a_dead_service_is_refused_at_once_and_the_rest_goes_on(
    platform: Platform, machine: Machine, name: str
) -> None:
    ada = await platform.person("ada")
    async with machine.dead(name):
        for call in (PROBES[name], *NEEDS[name]):
            assert await ask(ada, call, AT_ONCE_SECONDS) == DOWN, call
        for other in PROBES.keys() - {name}:
            assert (await ask(ada, PROBES[other], AT_ONCE_SECONDS))[0] == 200, other
        assert (await states(platform))[name] != "ok"
    assert (await states(platform))[name] == "ok"
    assert (await ask(ada, PROBES[name], AT_ONCE_SECONDS))[0] == 200


async def states(platform: Platform) -> dict[str, str]:
    """What a gateway says of those that it needs."""
    answer = await platform.connection().get("/health")
    found: dict[str, str] = answer.json()["data"]["dependencies"]
    return found


async def test_a_frozen_service_is_waited_for_only_so_long(
    platform: Platform, machine: Machine
) -> None:
    ada = await platform.person("ada")
    async with machine.frozen("post-service"):
        for call in (PROBES["post-service"], Call("POST", "/posts", {"title": "…"})):
            assert await ask(ada, call, AT_THE_LATEST_SECONDS) == SLOW
        for other in PROBES.keys() - {"post-service"}:
            assert (await ask(ada, PROBES[other], AT_ONCE_SECONDS))[0] == 200, other
    assert (await ask(ada, PROBES["post-service"], AT_THE_LATEST_SECONDS))[0] == 200


async def test_everything_works_without_redis(platform: Platform, machine: Machine) -> None:
    async with machine.dead("redis"):
        ada, grace = await platform.people("ada", "grace")
        async with platform.phone(grace) as phone:
            await grace.follow(ada)
            first = await ada.write("Without a cache", tags=["redis"])
            await phone.notification("post_created")
            path = f"/posts/{first['id']}"
            assert (await ada.client.put(path, {"title": "Still without"})).status == 200
            assert (await grace.client.get(path)).data["title"] == "Still without"
            again = await platform.login(ada)
            await again.has_unread(1)
            for call in PROBES.values():
                assert (await ask(ada, call, AT_ONCE_SECONDS))[0] == 200, call
            keyed = await written_with_a_key(ada.client)
            assert keyed.status == 201
    assert (await grace.client.get(path)).data["title"] == "Still without"


async def written_with_a_key(client: Client) -> Answer:
    """A post whose request may be repeated."""
    return await client.call("POST", "/posts", {"title": "Once"}, headers=key())


async def test_a_database_that_died_comes_back_with_everything(
    platform: Platform, machine: Machine
) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    async with platform.phone(grace) as phone:
        async with machine.dead("postgres"):
            for call in PROBES.values():
                status, _ = await ask(ada, call, AT_THE_LATEST_SECONDS)
                assert status in (503, 504), call
        await ada.write("After the crash")
        assert (await phone.notification("post_created"))["payload"]["author_id"] == ada.id
        await ada.has_unread(1)
