"""Pictures: sent, shown in posts and profiles, gone when nothing shows them."""

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Final

import httpx
import pytest
from PIL import Image
from service_kit.testing import eventually

from journeys.client import API, PATIENCE_SECONDS, PROCESSING_SECONDS, Answer, Json, checked
from journeys.machine import Machine
from journeys.people import Person, Platform

PIECE: Final = "application/offset+octet-stream"


def a_picture(width: int, height: int = 48) -> bytes:
    """A PNG of that size, its like nobody else has."""
    output = BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(output, "PNG")
    return output.getvalue()


@pytest.fixture
async def http(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A plain client of the first gateway."""
    async with httpx.AsyncClient(base_url=platform.gateway(), timeout=PATIENCE_SECONDS) as client:
        yield client


async def sent(http: httpx.AsyncClient, person: Person, content: bytes) -> Answer:
    """The answer to a form with that file."""
    files = {"file": ("cat.png", content, "image/png")}
    headers = {"authorization": f"Bearer {person.client.token}"}
    return checked(await http.post(f"{API}/media", files=files, headers=headers))


async def ready(person: Person, media_id: int) -> Json:
    """The media once it is processed."""

    async def is_over() -> bool:
        state: str = (await person.client.get(f"/media/{media_id}")).data["state"]
        return state != "processing"

    await eventually(is_over, PROCESSING_SECONDS)
    data: Json = (await person.client.get(f"/media/{media_id}")).data
    return data


async def test_a_picture_is_sent_processed_and_shown_in_a_post(
    platform: Platform, http: httpx.AsyncClient
) -> None:
    ada = await platform.person("ada")
    made = (await sent(http, ada, a_picture(640))).data
    assert (made["type"], made["state"], made["variants"]) == ("image", "processing", [])
    media = await ready(ada, made["id"])
    assert (media["state"], media["width"], media["height"]) == ("ready", 640, 48)
    for variant in media["variants"]:
        shown = await http.get(variant["url"])
        assert (shown.status_code, len(shown.content)) == (200, variant["bytes"])
        assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    part = await http.get(media["url"], headers={"range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)
    post = await ada.write("A cat", media_items=[{"media_id": made["id"], "description": "it"}])
    assert [(item["url"], item["type"]) for item in post["media"]] == [(media["url"], "image")]
    refused = await ada.client.delete(f"/media/{made['id']}")
    assert refused.error == (409, "media is in use")
    await ada.client.delete(f"/posts/{post['id']}")
    assert (await ada.client.delete(f"/media/{made['id']}")).status == 204
    assert (await ada.client.get(f"/media/{made['id']}")).error == (404, "media not found")


async def test_its_owner_and_nobody_else_is_told_live_what_becomes_of_an_upload(
    platform: Platform, http: httpx.AsyncClient
) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with (
        platform.phone(ada) as phone,
        platform.phone(ada, gateway=1) as other,
        platform.phone(grace) as stranger,
    ):
        made = (await sent(http, ada, a_picture(641))).data
        assert made["state"] == "processing"
        told = {"type": "media", "id": made["id"], "state": "ready"}
        assert await phone.frame("media") == await other.frame("media") == told
        assert (await ada.client.get(f"/media/{made['id']}")).data["state"] == "ready"
        assert (await http.get(made["url"])).status_code == 200
        broken = (await sent(http, ada, a_picture(642)[:900])).data
        told = {"type": "media", "id": broken["id"], "state": "failed"}
        assert await phone.frame("media") == told
        assert await stranger.rest() == []


async def test_a_stream_of_events_tells_it_too(platform: Platform, http: httpx.AsyncClient) -> None:
    ada = await platform.person("ada")
    token = {"authorization": f"Bearer {ada.client.token}"}
    async with http.stream("GET", f"{API}/notification/stream", headers=token) as stream:
        lines = stream.aiter_lines()
        while await anext(lines) != "event: ready":
            pass
        made = (await sent(http, ada, a_picture(643))).data
        async with asyncio.timeout(PROCESSING_SECONDS):
            while await anext(lines) != "event: media":
                pass
        data = (await anext(lines)).removeprefix("data: ")
    assert json.loads(data) == {"type": "media", "id": made["id"], "state": "ready"}


async def test_a_picture_becomes_an_avatar(platform: Platform, http: httpx.AsyncClient) -> None:
    ada, grace = await platform.people("ada", "grace")
    made = (await sent(http, ada, a_picture(64))).data
    stolen = await grace.client.put("/users/avatar", {"avatar_url": made["id"]})
    assert stolen.error == (403, "forbidden")
    assert (await ada.client.put("/users/avatar", {"avatar_url": made["id"]})).status == 200
    assert (await ada.client.get(f"/users/{ada.id}")).data["avatar_url"] == made["url"]

    media = await ready(ada, made["id"])
    assert (await http.get(media["url"])).status_code == 200


async def test_nobody_shows_the_pictures_of_others(
    platform: Platform, http: httpx.AsyncClient
) -> None:
    ada, grace = await platform.people("ada", "grace")
    made = (await sent(http, ada, a_picture(65))).data
    body = {"title": "Mine", "media_items": [{"media_id": made["id"]}]}
    assert (await grace.client.post("/posts", body)).error == (404, "media not found")
    assert (await grace.client.get(f"/media/{made['id']}")).error == (403, "forbidden")


async def test_what_is_no_picture_is_refused(platform: Platform, http: httpx.AsyncClient) -> None:
    ada = await platform.person("ada")
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    assert (await sent(http, ada, svg)).error == (400, "validation failed")
    media = (await sent(http, ada, a_picture(66)[:900])).data
    failed = await ready(ada, media["id"])
    assert (failed["state"], failed["failure"]) == ("failed", "it is damaged")


async def test_an_upload_in_pieces_goes_on_at_the_other_gateway(
    platform: Platform, http: httpx.AsyncClient
) -> None:
    ada = await platform.person("ada")
    content, token = a_picture(300), {"authorization": f"Bearer {ada.client.token}"}
    opened = await http.post(
        f"{API}/media/uploads", headers={**token, "upload-length": str(len(content))}
    )
    address, half = opened.headers["location"], len(content) // 2
    piece = {**token, "content-type": PIECE}
    first = await http.patch(
        address, content=content[:half], headers={**piece, "upload-offset": "0"}
    )
    assert first.status_code == 204
    async with httpx.AsyncClient(base_url=platform.gateway(1)) as other:
        head = await other.head(address, headers=token)
        assert head.headers["upload-offset"] == str(half)
        await other.patch(
            address, content=content[half:], headers={**piece, "upload-offset": str(half)}
        )
        done = checked(await other.get(address, headers=token)).data
    media = await ready(ada, done["media"]["id"])
    assert (media["state"], media["bytes"]) == ("ready", len(content))


@pytest.mark.faults
async def test_what_was_taken_is_processed_whatever_dies(
    platform: Platform, http: httpx.AsyncClient, machine: Machine
) -> None:
    ada = await platform.person("ada")
    numbers = [(await sent(http, ada, a_picture(70 + n))).data["id"] for n in range(4)]
    async with machine.dead("post-service"):
        pass
    assert [(await ready(ada, number))["state"] for number in numbers] == ["ready"] * 4
