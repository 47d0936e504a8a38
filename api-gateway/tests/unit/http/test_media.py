"""Media: sent in forms and in pieces, shown whole and in part."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.http.media_world import PIECE, a_world

TAIL = b"\r\n--b--\r\n"
FORM = "multipart/form-data; boundary=b"


def part(name: str, content: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'
    return head.encode() + content


async def test_the_file_of_a_form_is_taken_whatever_it_is_called() -> None:
    async with a_world() as world:
        answer = await world.sent(b"image" * 1000)
        data = answer.json()["data"]
    assert (answer.status_code, data["type"], data["bytes"]) == (201, "image", 5000)
    assert world.media.files == {1: (1, b"image" * 1000)}
    assert data["variants"][0]["url"] == data["url"] == "http://gateway/media/1-large.jpg"


async def test_other_parts_of_a_form_are_passed_over() -> None:
    body = part("a", b"x" * 100) + b"\r\n" + part("file", b"image\r\n--c\r\n") + b"\r\n"
    body += part("z", b"video") + TAIL
    async with a_world() as world:
        fields = world.fields(1, content_type=FORM)
        answer = await world.client.post("/media", content=body, headers=fields)
    assert answer.status_code == 201
    assert world.media.files == {1: (1, b"image\r\n--c\r\n")}


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_a_form_may_be_cut_anywhere(size: int) -> None:
    body = part("file", b"image--b\r\n-") + TAIL

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    async with a_world() as world:
        fields = world.fields(1, content_type=FORM)
        answer = await world.client.post("/media", content=pieces(), headers=fields)
    assert answer.status_code == 201
    assert world.media.files == {1: (1, b"image--b\r\n-")}


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{}", "INVALID_INPUT"),
        ("multipart/form-data", b"", "INVALID_INPUT"),
        ("multipart/form-data; boundary=" + 300 * "b", b"", "INVALID_INPUT"),
        (FORM, b"", "INVALID_INPUT"),
        (FORM, b"no form", "INVALID_INPUT"),
        (FORM, part("file", b"image, and then nothing"), "INVALID_INPUT"),
        (FORM, part("other", b"image") + TAIL, "VALIDATION_FAILED"),
        (
            FORM,
            part("file", b"image") + b"\r\n" + part("file", b"image") + TAIL,
            "VALIDATION_FAILED",
        ),
        (FORM, part("file", b"<svg>") + TAIL, "UNSUPPORTED_MEDIA"),
        (FORM, b"--b\r\n" + b"X: y\r\n" * 5000 + b"\r\nimage" + TAIL, "INVALID_INPUT"),
    ],
)
async def test_what_holds_no_file_is_refused_and_nothing_kept(
    content_type: str, body: bytes, code: str
) -> None:
    async with a_world() as world:
        fields = world.fields(1, content_type=content_type)
        answer = await world.client.post("/media", content=body, headers=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert world.media.files == {}


async def test_a_file_that_is_too_large_is_refused_before_it_is_whole() -> None:
    async with a_world(max_stream_bytes=4096) as world:
        answer = await world.sent(b"image" * 1000)
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert world.media.files == {}


async def test_nobody_sends_without_a_token() -> None:
    async with a_world() as world:
        answer = await world.client.post("/media", files={"file": b"image"})
    assert (answer.status_code, answer.headers["connection"]) == (401, "close")


async def test_media_are_seen_and_deleted_by_their_owner_unless_shown() -> None:
    async with a_world() as world:
        await world.sent(b"image")
        owner, other = world.fields(1), world.fields(2)
        assert (await world.client.get("/media/1", headers=owner)).json()["data"]["id"] == 1
        assert (await world.client.get("/media/1", headers=other)).status_code == 403
        assert (await world.client.delete("/media/1", headers=other)).status_code == 403
        world.media.shown = {1}
        assert (await world.client.delete("/media/1", headers=owner)).status_code == 409
        world.media.shown = set()
        assert (await world.client.delete("/media/1", headers=owner)).status_code == 204
        assert (await world.client.get("/media/1", headers=owner)).status_code == 404


async def test_an_object_is_shown_to_be_kept_for_ever_and_to_run_nothing() -> None:
    async with a_world() as world:
        await world.sent(b"image of a cat")
        answer = await world.read("1-large.jpg")
    assert (answer.status_code, answer.content) == (200, b"image of a cat")
    fields = answer.headers
    assert fields["content-type"] == "image/jpeg"
    assert fields["cache-control"] == "public, max-age=31536000, immutable"
    assert fields["etag"] == '"1-large.jpg"'
    assert fields["x-content-type-options"] == "nosniff"
    assert "sandbox" in fields["content-security-policy"]
    assert fields["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("wanted", "status", "content", "shown"),
    [
        ("bytes=0-4", 206, b"image", "bytes 0-4/14"),
        ("bytes=9-", 206, b"a cat", "bytes 9-13/14"),
        ("bytes=-3", 206, b"cat", "bytes 11-13/14"),
        ("bytes=-99", 206, b"image of a cat", "bytes 0-13/14"),
        ("bytes=10-99", 206, b" cat", "bytes 10-13/14"),
        ("bytes=0-1,4-5", 200, b"image of a cat", None),
        ("bytes=5-1", 200, b"image of a cat", None),
        ("lines=1-2", 200, b"image of a cat", None),
    ],
)
async def test_a_range_gets_its_part(
    wanted: str, status: int, content: bytes, shown: str | None
) -> None:
    async with a_world() as world:
        await world.sent(b"image of a cat")
        answer = await world.read("1-large.jpg", range=wanted)
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == shown


@pytest.mark.parametrize("wanted", ["bytes=14-", "bytes=99-100", "bytes=-0"])
async def test_a_range_beyond_the_end_cannot_be_satisfied(wanted: str) -> None:
    async with a_world() as world:
        await world.sent(b"image of a cat")
        answer = await world.read("1-large.jpg", range=wanted)
    assert (answer.status_code, answer.json()["code"]) == (416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == "bytes */14"


async def test_what_a_client_has_it_is_not_sent_again() -> None:
    async with a_world() as world:
        await world.sent(b"image")
        assert (await world.read("1-large.jpg", if_none_match='"1-large.jpg"')).status_code == 304
        assert (await world.read("9-large.jpg", if_none_match="*")).status_code == 404
        part_of_another = await world.read("1-large.jpg", range="bytes=0-1", if_range='"x"')
        assert part_of_another.status_code == 200


async def test_head_tells_all_but_the_bytes() -> None:
    async with a_world() as world:
        await world.sent(b"image")
        answer = await world.client.head("http://gateway/media/1-large.jpg")
    assert (answer.headers["content-length"], answer.content) == ("5", b"")


async def test_a_store_that_can_be_read_directly_is_where_clients_are_sent() -> None:
    async with a_world() as world:
        await world.sent(b"image")
        world.media.link = "https://store.example.com/signed"
        answer = await world.read("1-large.jpg")
    assert (answer.status_code, answer.headers["location"]) == (307, world.media.link)
    assert answer.headers["cache-control"] == "private, max-age=300"


async def test_an_upload_goes_on_where_it_was_interrupted() -> None:
    async with a_world() as world:
        opened = await world.client.post(
            "/media/uploads", headers=world.fields(1, upload_length="10", tus_resumable="1.0.0")
        )
        assert (opened.status_code, opened.headers["upload-offset"]) == (201, "0")
        address = f"http://gateway{opened.headers['location']}"
        fields = world.fields(1, content_type=PIECE, upload_offset="0")
        sent = await world.client.patch(address, content=b"image", headers=fields)
        assert (sent.status_code, sent.headers["upload-offset"]) == (204, "5")
        again = await world.client.patch(address, content=b"image", headers=fields)
        assert (again.status_code, again.json()["code"]) == (409, "UPLOAD_OFFSET_CONFLICT")
        head = await world.client.head(address, headers=world.fields(1))
        assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("5", "10")
        assert (head.headers["cache-control"], "etag" in head.headers) == ("no-store", False)
        for answer in (opened, sent, again, head):
            assert answer.headers["tus-resumable"] == "1.0.0"
        fields = world.fields(1, content_type=PIECE, upload_offset="5")
        await world.client.patch(address, content=b"image", headers=fields)
        done = await world.client.get(address, headers=world.fields(1))
        assert done.json()["data"]["media"]["id"] == 1
    assert world.media.files == {1: (1, b"imageimage")}


async def test_a_key_belongs_to_one_length() -> None:
    async with a_world() as world:
        fields = world.fields(1, idempotency_key="once", upload_length="10")
        first = await world.client.post("/media/uploads", headers=fields)
        again = await world.client.post("/media/uploads", headers=fields)
        other = world.fields(1, idempotency_key="once", upload_length="11")
        refused = await world.client.post("/media/uploads", headers=other)
    assert again.json() == first.json()
    assert (refused.status_code, len(world.media.uploads)) == (422, 1)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"upload_offset": "0"}, 415),
        ({"content_type": PIECE}, 400),
        ({"content_type": PIECE, "upload_offset": "-1"}, 400),
        ({"content_type": PIECE, "upload_offset": "0", "tus_resumable": "0.2.1"}, 412),
    ],
)
async def test_a_piece_that_says_wrongly_what_it_is_is_refused(
    fields: dict[str, str], status: int
) -> None:
    async with a_world() as world:
        await world.client.post("/media/uploads", headers=world.fields(1, upload_length="10"))
        given = world.fields(1, **fields)
        answer = await world.client.patch("/media/uploads/u0", content=b"image", headers=given)
    assert answer.status_code == status
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers.get("tus-version") == ("1.0.0" if status == 412 else None)


async def test_an_upload_can_be_given_up_by_who_opened_it() -> None:
    async with a_world() as world:
        await world.client.post("/media/uploads", headers=world.fields(1, upload_length="10"))
        path = "/media/uploads/u0"
        assert (await world.client.delete(path, headers=world.fields(2))).status_code == 403
        assert (await world.client.delete(path, headers=world.fields(1))).status_code == 204
        assert (await world.client.get(path, headers=world.fields(1))).status_code == 404


async def test_options_tell_what_of_tus_is_spoken() -> None:
    async with a_world() as world:
        answer = await world.client.options("/media/uploads")
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,expiration,termination"
