"""Every operation by every kind of caller, as the document and the rules of ownership say."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
from journeys.client import PATIENCE_SECONDS
from journeys.conformance import Conformance, load, operations
from journeys.people import Person, Platform
from pinstack_local.stack import Stack
from service_kit.testing import eventually
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from contract.asking import Asked, Asking, takes_body
from contract.gateways import gateway
from contract.tokens import ShortLived, foreign

OPERATIONS: Final = operations(load())
ANSWERS: Final[Mapping[str, str]] = {
    "anonymous": "unauthenticated",
    "bad": "invalid token",
    "foreign": "unauthenticated",
    "expired": "token expired",
    "refresh": "unauthenticated",
    "deleted": "unauthenticated",
}
"""What callers get who are not known, wherever a token is needed."""
CALLERS: Final = ("owner", "other", *ANSWERS)
HIDDEN: Final = {"revokeSession": (404, "session not found")}
"""What somebody else's is not even there for others."""
OWN: Final = ("updateAvatar", "sendNotification")
"""What everybody may do for themselves: 403 is of what it names."""
SOCKET: Final = "openSocket"
PROTOCOL: Final = Subprotocol("pinstack.v1")
TOKEN_REFUSED: Final = 4401
HTTP: Final = [one for one in OPERATIONS if one[2]["operationId"] != SOCKET]
READS: Final = [one for one in OPERATIONS if "x-public-reads" in one[2]]


def named(found: list[tuple[str, str, Any]]) -> list[str]:
    return [operation["operationId"] for *_, operation in found]


@dataclass(frozen=True)
class World:
    """Two people, what others show for a token, and a gateway whose reads are open."""

    platform: Platform
    owner: Person
    other: Person
    shown: Mapping[str, str]
    open_reads: httpx.AsyncClient

    def token(self, caller: str, asked: Asked) -> str | None:
        if caller == "owner":
            return (asked.owner or self.owner).client.token
        return self.other.client.token if caller == "other" else self.shown.get(caller)


@pytest.fixture(scope="module")
async def world(
    stack: Stack, platform: Platform, conformance: Conformance, expiring: ShortLived
) -> AsyncIterator[World]:
    owner, other = await platform.people("owner", "other")
    shown = {
        "bad": "no-token",
        "foreign": foreign(str(owner.client.token)),
        "refresh": owner.refresh_token,
        "deleted": await deleted_token(platform),
        "expired": expiring.token,
    }
    with gateway(stack, "open", GATEWAY_PUBLIC_READS="true") as url:
        async with httpx.AsyncClient(
            base_url=url,
            timeout=PATIENCE_SECONDS,
            event_hooks={"response": [conformance.check]},
        ) as open_reads:
            await eventually(expiring.is_over, PATIENCE_SECONDS * 2, "a token expires")
            yield World(platform, owner, other, shown, open_reads)


async def deleted_token(platform: Platform) -> str:
    """The token of somebody whose account is gone."""
    person = await platform.person("gone")
    assert (await person.client.delete(f"/users/{person.id}")).status == 204

    async def is_revoked() -> bool:
        return (await person.client.get("/auth/sessions")).status == 401

    await eventually(is_revoked, 2, "the tokens of a deleted account are void")
    return str(person.client.token)


def expected(operation: Mapping[str, Any], caller: str, *, reads_are_open: bool) -> tuple[int, str]:
    """Status, and the message of a refusal, by security and ownership."""
    success = next(int(status) for status in operation["responses"] if status < "300")
    is_open = reads_are_open and operation.get("x-public-reads", False)
    if "security" not in operation or is_open:
        return success, ""
    if caller in ANSWERS:
        return 401, ANSWERS[caller]
    if caller == "other" and operation["operationId"] in HIDDEN:
        return HIDDEN[operation["operationId"]]
    if operation["operationId"] in OWN:
        return success, ""
    if caller == "other" and "403" in operation["responses"] and not is_live(operation):
        (example,) = operation["responses"]["403"]["content"]["application/json"][
            "examples"
        ].values()
        return 403, example["value"]["message"]
    return success, ""


def is_live(operation: Mapping[str, Any]) -> bool:
    """Whether it is a carrier of the live channel: what it refuses with 403 are origins."""
    return {} in operation.get("security", ())


async def ask(
    client: httpx.AsyncClient, where: tuple[str, str, Any], asked: Asked, token: str | None
) -> tuple[int, str]:
    """Status, and the message of a refusal; of an endless answer only the beginning is read."""
    method, path, operation = where
    request = client.build_request(
        method,
        path.format(**asked.path),
        params={name: str(value) for name, value in asked.query.items()},
        headers={**asked.headers, **({"authorization": f"Bearer {token}"} if token else {})},
        json=asked.body if takes_body(operation) and asked.content is None else None,
        content=asked.content if takes_body(operation) else None,
    )
    response = await client.send(request, stream=True)
    try:
        if response.status_code < 400:
            return response.status_code, ""
        return response.status_code, str(response.json()["message"])
    finally:
        await response.aclose()


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("where", HTTP, ids=named(HTTP))
async def test_an_operation_serves_whom_it_should(
    world: World, where: tuple[str, str, Any], caller: str
) -> None:
    sender = world.other if caller == "other" else world.owner
    asking = Asking(world.platform, world.owner, world.other, sender)
    asked = await asking.about(where[2]["operationId"])
    http = world.platform.connection()
    got = await ask(http, where, asked, world.token(caller, asked))
    assert got == expected(where[2], caller, reads_are_open=False)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("where", READS, ids=named(READS))
async def test_open_reads_serve_everybody_whatever_they_show(
    world: World, where: tuple[str, str, Any], caller: str
) -> None:
    asking = Asking(world.platform, world.owner, world.other, world.owner)
    asked = await asking.about(where[2]["operationId"])
    token = world.token(caller, asked)
    got = await ask(world.open_reads, where, asked, token)
    assert got == expected(where[2], caller, reads_are_open=True) == (200, "")


@pytest.mark.parametrize("caller", ["owner", *ANSWERS])
async def test_open_reads_leave_everything_else_closed(world: World, caller: str) -> None:
    closed = ("listSessions", "getFeed", "countUnread", "createPost")
    for where in (one for one in OPERATIONS if one[2]["operationId"] in closed):
        asking = Asking(world.platform, world.owner, world.other, world.owner)
        asked = await asking.about(where[2]["operationId"])
        got = await ask(world.open_reads, where, asked, world.token(caller, asked))
        assert got == expected(where[2], caller, reads_are_open=True)


@pytest.mark.parametrize("caller", CALLERS)
async def test_a_socket_serves_whom_it_should(world: World, caller: str) -> None:
    token = world.token(caller, Asked())
    shown = {"authorization": f"Bearer {token}"} if token else None
    url = world.platform.gateway().replace("http", "ws") + "/api/v1/notification/ws"
    async with connect(
        url, additional_headers=shown, subprotocols=[PROTOCOL], proxy=None
    ) as socket:
        if caller in ANSWERS:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == TOKEN_REFUSED
        else:
            await socket.send('{"type":"resume"}')
            assert json.loads(await socket.recv())["type"] == "ready"


def test_the_matrix_has_every_operation() -> None:
    live = {operation["operationId"] for *_, operation in OPERATIONS if is_live(operation)}
    assert live == {"openStream", SOCKET}
    assert len(HTTP) + 1 == len(OPERATIONS) >= 47
