"""Uploads through the running service: each kind of file ends as it should."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pinstack_proto.post.v1 import media_pb2, post_pb2
from pinstack_proto.post.v1.media_pb2_grpc import MediaServiceStub
from pinstack_proto.post.v1.post_pb2_grpc import PostServiceStub
from service_kit import errors
from service_kit.testing import eventually

from tests.integration.conftest import MEDIA_URL, QUOTA
from tests.pictures import a_bomb, a_moving_gif, a_photograph, a_picture, a_png_that_talks

CHUNK = 65536


async def requests(content: bytes, owner_id: int) -> AsyncIterator[media_pb2.UploadMediaRequest]:
    yield media_pb2.UploadMediaRequest(owner_id=owner_id)
    for at in range(0, len(content), CHUNK):
        yield media_pb2.UploadMediaRequest(chunk=content[at : at + CHUNK])


async def sent(media: MediaServiceStub, content: bytes, owner_id: int = 1) -> media_pb2.MediaItem:
    return (await media.UploadMedia(requests(content, owner_id))).media


async def processed(
    media: MediaServiceStub, content: bytes, owner_id: int = 1
) -> media_pb2.MediaItem:
    item = await sent(media, content, owner_id)

    async def is_over() -> bool:
        return (await looked_at(media, item)).state != "processing"

    await eventually(is_over, 30)
    return await looked_at(media, item)


async def looked_at(media: MediaServiceStub, item: media_pb2.MediaItem) -> media_pb2.MediaItem:
    request = media_pb2.GetMediaRequest(id=item.id, caller_id=item.owner_id)
    return (await media.GetMedia(request)).media


async def read(
    media: MediaServiceStub, key: str, **part: int
) -> tuple[media_pb2.MediaObject, bytes]:
    request = media_pb2.ReadMediaRequest(key=key, **part)  # type: ignore[arg-type] # by name
    answers = [answer async for answer in media.ReadMedia(request)]
    return answers[0].object, b"".join(answer.chunk for answer in answers[1:])


def key_of(url: str) -> str:
    assert url.startswith(f"{MEDIA_URL}/")
    return url.removeprefix(f"{MEDIA_URL}/")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (a_picture("JPEG"), "image/jpeg"),
        (a_picture("PNG", mode="RGBA"), "image/png"),
        (a_picture("PNG", mode="I;16"), "image/png"),
        (a_moving_gif(), "image/gif"),
        (a_picture("WEBP"), "image/webp"),
        (a_picture("HEIF"), "image/heic"),
        (a_picture("AVIF"), "image/avif"),
        (a_picture("JPEG", mode="CMYK"), "image/jpeg"),
    ],
)
async def test_pictures_of_every_kind_become_ready(
    media: MediaServiceStub, content: bytes, content_type: str
) -> None:
    item = await processed(media, content)
    assert (item.state, item.failure, item.content_type) == ("ready", "", content_type)
    assert (item.type, item.bytes) == ("image", len(content))
    assert len(item.blurhash) == 28
    names = {(variant.name, variant.content_type) for variant in item.variants}
    assert names == {
        (n, t) for n in ("small", "medium", "large") for t in ("image/webp", "image/jpeg")
    }
    for variant in item.variants:
        found, body = await read(media, key_of(variant.url))
        assert (found.content_type, found.bytes) == (variant.content_type, variant.bytes)
        assert Image.open(BytesIO(body)).size == (variant.width, variant.height)


async def test_a_photograph_is_turned_upright_and_loses_what_it_says_of_its_maker(
    media: MediaServiceStub,
) -> None:
    item = await processed(media, a_photograph())
    assert (item.width, item.height) == (48, 64)
    for variant in item.variants:
        _, body = await read(media, key_of(variant.url))
        shown = Image.open(BytesIO(body))
        assert (shown.size, dict(shown.getexif())) == ((48, 64), {})
        assert b"SECRET" not in body


async def test_texts_of_a_png_go_too(media: MediaServiceStub) -> None:
    item = await processed(media, a_png_that_talks())
    _, body = await read(media, key_of(item.url))
    assert b"SECRET" not in body


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (a_picture(size=(400, 400))[:2000], "it is damaged"),
        (a_picture("PNG")[:100], "it is damaged"),
        (a_bomb(), "it has more than 50000000 pixels"),
        (b"\xff\xd8\xff\xe0" + b"x" * 5000, "it is damaged"),
    ],
)
async def test_what_cannot_be_decoded_has_failed(
    media: MediaServiceStub, content: bytes, failure: str
) -> None:
    item = await processed(media, content)
    assert (item.state, item.failure, list(item.variants)) == ("failed", failure, [])
    with pytest.raises(errors.NotFound):
        await read(media, key_of(item.url))


def incoming(folder: Path) -> list[bytes]:
    """All that waits to be processed."""
    return [path.read_bytes() for path in folder.glob("incoming/*")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<html>",
        b"%PDF-1.7",
        b"x" * 999,
    ],
)
async def test_what_is_no_picture_or_clip_is_refused(
    media: MediaServiceStub, media_folder: Path, content: bytes
) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        await sent(media, content)
    assert caught.value.code == "UNSUPPORTED_MEDIA"
    assert content not in incoming(media_folder)


async def test_a_refusal_reaches_a_caller_that_still_writes(media: MediaServiceStub) -> None:
    async def a_large_text() -> AsyncIterator[media_pb2.UploadMediaRequest]:
        yield media_pb2.UploadMediaRequest(owner_id=1)
        for _ in range(60):
            yield media_pb2.UploadMediaRequest(chunk=b"text" * CHUNK)

    for _ in range(5):
        with pytest.raises(errors.InvalidArgument):
            await media.UploadMedia(a_large_text())


async def test_a_piece_that_is_refused_is_told_so(media: MediaServiceStub) -> None:
    opened = await media.BeginUpload(media_pb2.BeginUploadRequest(owner_id=1, length=CHUNK))
    place = media_pb2.AppendUploadRequest.Place(id=opened.upload.id, caller_id=1, offset=7)

    async def elsewhere() -> AsyncIterator[media_pb2.AppendUploadRequest]:
        yield media_pb2.AppendUploadRequest(place=place)
        for _ in range(20):
            yield media_pb2.AppendUploadRequest(chunk=b"text" * CHUNK)

    for _ in range(5):
        with pytest.raises(errors.AlreadyExists, match="offset"):
            await media.AppendUpload(elsewhere())


async def test_the_same_bytes_are_the_same_media(media: MediaServiceStub) -> None:
    first = await sent(media, a_picture(size=(70, 70)))
    assert (await sent(media, a_picture(size=(70, 70)))).id == first.id
    assert (await sent(media, a_picture(size=(70, 70)), 2)).id != first.id


async def test_a_part_of_an_object_can_be_read(media: MediaServiceStub) -> None:
    item = await processed(media, a_picture(size=(80, 80)))
    key = key_of(item.url)
    _, whole = await read(media, key)
    found, part = await read(media, key, offset=10, length=20)
    assert (found.offset, found.length, part) == (10, 20, whole[10:30])
    found, part = await read(media, key, offset=-5)
    assert (found.offset, found.length, part) == (len(whole) - 5, 5, whole[-5:])
    found, part = await read(media, key, offset=10**9)
    assert (found.offset, found.length, part) == (len(whole), 0, b"")


@pytest.mark.parametrize("key", ["", "x", "../../etc/passwd", "1-" + "0" * 32 + "-large.jpg"])
async def test_a_key_that_is_none_is_not_found(media: MediaServiceStub, key: str) -> None:
    with pytest.raises(errors.NotFound) as caught:
        await read(media, key)
    assert caught.value.code == "MEDIA_NOT_FOUND"


async def test_nobody_sees_or_deletes_the_media_of_others(media: MediaServiceStub) -> None:
    item = await sent(media, a_picture(size=(90, 90)))
    with pytest.raises(errors.PermissionDenied):
        await media.GetMedia(media_pb2.GetMediaRequest(id=item.id, caller_id=2))
    with pytest.raises(errors.PermissionDenied):
        await media.DeleteMedia(media_pb2.DeleteMediaRequest(id=item.id, caller_id=2))
    with pytest.raises(errors.NotFound):
        await media.GetMedia(media_pb2.GetMediaRequest(id=10**9, caller_id=2))


async def test_a_quota_bounds_what_one_has(media: MediaServiceStub) -> None:
    content = a_picture("PNG", size=(64, 64)) + bytes(QUOTA - 20_000)
    await sent(media, content, 77)
    with pytest.raises(errors.ResourceExhausted) as caught:
        await sent(media, a_picture("PNG", size=(65, 65)) + bytes(30_000), 77)
    assert caught.value.code == "MEDIA_QUOTA_EXCEEDED"


async def test_a_post_shows_uploads_of_its_author(
    media: MediaServiceStub, stub: PostServiceStub
) -> None:
    item = await processed(media, a_picture(size=(33, 44)), 5)
    by_id = post_pb2.MediaInput(media_id=item.id)
    made = await stub.CreatePost(post_pb2.CreatePostRequest(author_id=5, title="x", media=[by_id]))
    assert [(shown.url, shown.type) for shown in made.media] == [(item.url, "image")]
    with pytest.raises(errors.AlreadyExists) as caught:
        await media.DeleteMedia(media_pb2.DeleteMediaRequest(id=item.id, caller_id=5))
    assert caught.value.code == "MEDIA_IN_USE"
    again = post_pb2.MediaInput(url=item.url, type="image")
    request = post_pb2.UpdatePostRequest(id=made.id, user_id=5, media=[again])
    assert [shown.url for shown in (await stub.UpdatePost(request)).media] == [item.url]
    await stub.DeletePost(post_pb2.DeletePostRequest(id=made.id, user_id=5))
    await media.DeleteMedia(media_pb2.DeleteMediaRequest(id=item.id, caller_id=5))
    with pytest.raises(errors.NotFound):
        await looked_at(media, item)


async def test_a_post_cannot_show_the_uploads_of_others(
    media: MediaServiceStub, stub: PostServiceStub
) -> None:
    item = await sent(media, a_picture(size=(34, 44)), 5)
    by_id = post_pb2.MediaInput(media_id=item.id)
    request = post_pb2.CreatePostRequest(author_id=6, title="x", media=[by_id])
    with pytest.raises(errors.NotFound, match="media not found"):
        await stub.CreatePost(request)
