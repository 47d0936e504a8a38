"""Whatever is sent as a picture ends ready, or failed with a reason, or in a clear refusal."""

import os
from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from service_kit.testing import eventually

from journeys.client import API, PATIENCE_SECONDS, PROCESSING_SECONDS, Answer, Json, checked
from journeys.people import Person, Platform
from journeys.uploads import (
    FORM,
    PDF,
    SCRIPT,
    SVG,
    ZIP,
    Sent,
    bomb,
    clip,
    moving,
    photograph,
    picture,
)

READY: Final = {
    "a JPEG": (Sent(picture(width=65)), "image/jpeg"),
    "a PNG": (Sent(picture("PNG", 66)), "image/png"),
    "a GIF": (Sent(picture("GIF", 67)), "image/gif"),
    "a WebP": (Sent(picture("WEBP", 68)), "image/webp"),
    "a HEIC": (Sent(picture("HEIF", 69)), "image/heic"),
    "an AVIF": (Sent(picture("AVIF", 70)), "image/avif"),
    "a GIF that moves": (Sent(moving("GIF")), "image/gif"),
    "a WebP that moves": (Sent(moving("WEBP")), "image/webp"),
    "a JPEG that is HTML too": (Sent(picture(width=71) + SCRIPT), "image/jpeg"),
    "a JPEG with HTML inside": (Sent(picture(width=72, comment=SCRIPT)), "image/jpeg"),
    "a GIF that is JavaScript too": (Sent(picture("GIF", 73) + b"/*=1;alert(1)//"), "image/gif"),
    "a PNG with a PDF behind": (Sent(picture("PNG", 74) + PDF), "image/png"),
    "a PNG with a ZIP behind": (Sent(picture("PNG", 75) + ZIP), "image/png"),
    "a program by its name": (Sent(picture("PNG", 76), name=b"cat.png.exe"), "image/png"),
    "a page by its type": (Sent(picture("PNG", 77), declared=b"text/html"), "image/png"),
    "another kind than is said": (Sent(picture("WEBP", 78), name=b"a.jpg"), "image/webp"),
    "a place in its name": (Sent(picture(width=79), name=b"../../../etc/passwd"), "image/jpeg"),
    "a drive in its name": (Sent(picture(width=80), name=b"..\\..\\c:\\boot.ini"), "image/jpeg"),
    "no name": (Sent(picture(width=81), name=b""), "image/jpeg"),
    "a photograph": (Sent(photograph()), "image/jpeg"),
}
FAILED: Final = {
    "a JPEG without its end": (Sent(picture(width=800)[:1500]), "it is damaged"),
    "a PNG without its end": (Sent(picture("PNG", 801)[:200]), "it is damaged"),
    "a WebP without its end": (Sent(picture("WEBP", 802)[:200]), "it is damaged"),
    "only the beginning of a JPEG": (Sent(b"\xff\xd8\xff\xe0" + b"x" * 600), "it is damaged"),
    "a bomb": (Sent(bomb()), "it has more than 50000000 pixels"),
    "no clip, but for its beginning": (
        Sent(b"\x00\x00\x00\x18ftypmp42" + bytes(600)),
        "it is damaged",
    ),
}
REFUSED: Final = {
    "an SVG with a script": Sent(SVG, name=b"cat.svg", declared=b"image/svg+xml"),
    "an SVG that is said to be a PNG": Sent(SVG),
    "a page": Sent(SCRIPT, declared=b"image/png"),
    "a PDF": Sent(PDF + picture(), name=b"cat.jpg"),
    "a ZIP": Sent(ZIP + picture(), name=b"cat.jpg"),
    "a playlist": Sent(b"#EXTM3U\nfile:///etc/passwd\n", name=b"cat.mp4", declared=b"video/mp4"),
    "a program": Sent(b"\x7fELF" + bytes(600), name=b"cat.png"),
    "nothing": Sent(b""),
    "a byte": Sent(b"\x89"),
}
NAMES: Final = (b"a\0b.png", b"x" * 10_000 + b".png", b'a"b\\".png', b"\xff\xfe.png", b"CON")
NOT_SHOWN: Final = (b"<script>", b"alert(", b"%PDF", b"PK\x03\x04", b"SECRET", b"Exif")


@pytest.fixture
async def http(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A plain client of the first gateway."""
    async with httpx.AsyncClient(base_url=platform.gateway(), timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
async def eve(platform: Platform) -> Person:
    """Whoever sends all of it."""
    return await platform.person("eve")


async def sent(http: httpx.AsyncClient, eve: Person, body: bytes, kind: str = FORM) -> Answer:
    """The answer to a form; it is never a 5xx."""
    headers = {"authorization": f"Bearer {eve.client.token}", "content-type": kind}
    answer = checked(await http.post(f"{API}/media", content=body, headers=headers))
    assert answer.status < 500, answer.body
    return answer


async def ended(eve: Person, made: Json) -> Json:
    """The upload once it is ready or has failed."""
    found: Json = {}

    async def is_over() -> bool:
        found.update((await eve.client.get(f"/media/{made['id']}")).data)
        return bool(found["state"] != "processing")

    await eventually(is_over, PROCESSING_SECONDS)
    return found


@pytest.mark.parametrize("which", READY)
async def test_what_can_be_decoded_is_made_anew(
    http: httpx.AsyncClient, eve: Person, which: str
) -> None:
    file, content_type = READY[which]
    media = await ended(eve, (await sent(http, eve, file.form)).data)
    assert (media["state"], media["content_type"]) == ("ready", content_type)
    addresses = {media["url"], *(variant["url"] for variant in media["variants"])}
    assert len(addresses) == 6
    for address in addresses:
        shown = await http.get(address)
        assert shown.headers["content-type"] in ("image/jpeg", "image/webp")
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in shown.headers["content-security-policy"]
        assert shown.content != file.content
        assert not [each for each in NOT_SHOWN if each in shown.content]


@pytest.mark.parametrize("which", FAILED)
async def test_what_cannot_be_decoded_has_failed_and_is_shown_nowhere(
    http: httpx.AsyncClient, eve: Person, which: str
) -> None:
    file, failure = FAILED[which]
    media = await ended(eve, (await sent(http, eve, file.form)).data)
    if media["type"] == "video" and media["state"] == "ready":
        assert media["kept_as_sent"], "without ffmpeg nothing looks into a clip"
        return
    assert (media["state"], media["failure"], media["variants"]) == ("failed", failure, [])
    assert (await http.get(media["url"])).status_code == 404
    body = {"title": "Look", "media_items": [{"media_id": media["id"]}]}
    assert (await eve.client.post("/posts", body)).error == (404, "media not found")


@pytest.mark.parametrize("which", REFUSED)
async def test_what_is_no_picture_is_refused_at_once(
    http: httpx.AsyncClient, eve: Person, which: str
) -> None:
    answer = await sent(http, eve, REFUSED[which].form)
    assert answer.error == (400, "validation failed")
    assert answer.body["code"] == "UNSUPPORTED_MEDIA"


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:12]))
async def test_a_name_is_not_read(http: httpx.AsyncClient, eve: Person, name: bytes) -> None:
    answer = await sent(http, eve, Sent(picture(width=90), name=name).form)
    assert answer.status in (201, 400)
    if answer.status == 201:
        assert (await ended(eve, answer.data))["state"] == "ready"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"--the-boundary--\r\n", FORM),
        (Sent(picture()).form.replace(b'"file"', b'"files"'), FORM),
        (Sent(picture()).head + Sent(picture()).form, FORM),
        (Sent(picture()).form[:-30], FORM),
        (Sent(picture()).form, "multipart/form-data"),
        (Sent(picture()).form, "multipart/form-data; boundary=" + "x" * 5000),
        (picture(), "image/jpeg"),
        (os.urandom(4096), FORM),
    ],
)
async def test_a_form_that_is_none_is_refused(
    http: httpx.AsyncClient, eve: Person, body: bytes, kind: str
) -> None:
    assert 400 <= (await sent(http, eve, body, kind)).status < 500


async def test_a_clip_is_measured_and_has_a_poster(http: httpx.AsyncClient, eve: Person) -> None:
    content = clip()
    if content is None:
        assert not os.environ.get("CI"), "make tools installs ffmpeg"
        pytest.skip("ffmpeg is not on PATH (make tools installs it)")
    media = await ended(eve, (await sent(http, eve, Sent(content, name=b"a.png").form)).data)
    assert (media["type"], media["state"], media["content_type"]) == ("video", "ready", "video/mp4")
    assert (media["width"], media["height"]) == (64, 48)
    assert 900 <= media["duration_ms"] <= 1100
    kinds = {variant["name"]: variant["type"] for variant in media["variants"]}
    assert kinds == {"clip": "video/mp4", "poster": "image/jpeg"}
    for variant in media["variants"]:
        shown = await http.get(variant["url"])
        assert (shown.status_code, len(shown.content)) == (200, variant["bytes"])
        assert shown.headers["content-type"] == variant["type"]
