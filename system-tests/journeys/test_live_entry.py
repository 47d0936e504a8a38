"""Ways into the live channel: header field, subprotocol, ticket, and a stream of events."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from httpx_sse import ServerSentEvent, aconnect_sse

from journeys.client import API, Json
from journeys.people import Person, Platform
from journeys.phone import Phone

UNAUTHENTICATED = 4401


async def test_a_token_may_come_as_a_subprotocol(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    phone = Phone(platform.gateway(), ada.client)
    await phone.connect(protocols=[f"bearer.{ada.client.token}"])
    await phone.resume()
    await grace.follow(ada)
    await phone.notification("follow_created")
    await phone.close()


async def test_a_ticket_opens_one_socket_through_any_gateway(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    issued = (await ada.client.post("/notification/ws-ticket")).data
    assert issued["expires_in"] == 30
    phone = Phone(platform.gateway(1), ada.client)
    await phone.connect(f"?ticket={issued['ticket']}")
    await phone.resume()
    await grace.follow(ada)
    await phone.notification("follow_created")
    await phone.close()

    again = Phone(platform.gateway(), ada.client)
    await again.connect(f"?ticket={issued['ticket']}")
    assert await again.closed() == UNAUTHENTICATED


async def test_nobody_in_particular_is_sent_away(platform: Platform) -> None:
    for fields in ({}, {"authorization": "Bearer no.such.token"}):
        phone = Phone(platform.gateway(), platform.anybody())
        await phone.connect(headers=fields)
        assert await phone.closed() == UNAUTHENTICATED


async def test_a_stream_of_events_resumes_by_the_last_id(platform: Platform) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    async with events(platform, ada) as stream:
        assert (await frame(stream, "ready"))["seq"] == 0
        await grace.follow(ada)
        told = await event(stream, "notification")
        assert json.loads(told.data)["data"]["payload"]["follower_id"] == grace.id
        assert told.id == "1"

    await linus.follow(ada)
    async with events(platform, ada, gateway=1, after=told.id) as stream:
        await frame(stream, "ready")
        missed = await frame(stream, "notification")
        assert (missed["seq"], missed["data"]["payload"]["follower_id"]) == (2, linus.id)


@asynccontextmanager
async def events(
    platform: Platform, person: Person, *, gateway: int = 0, after: str = ""
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """A stream of events, from now on or from an id on."""
    fields = {"authorization": f"Bearer {person.client.token}"}
    if after:
        fields["last-event-id"] = after
    http = platform.connection(gateway)
    path = f"{API}/notification/stream"
    async with (
        aconnect_sse(http, "GET", path, headers=fields) as source,
        aclosing(source.aiter_sse()) as stream,
    ):
        yield stream


async def event(stream: AsyncIterator[ServerSentEvent], kind: str) -> ServerSentEvent:
    """The next event of a kind."""
    async for found in stream:
        if found.event == kind:
            return found
    raise AssertionError(f"the stream ended without {kind}")


async def frame(stream: AsyncIterator[ServerSentEvent], kind: str) -> Json:
    """What the next event of a kind says."""
    said: Json = json.loads((await event(stream, kind)).data)
    return said
