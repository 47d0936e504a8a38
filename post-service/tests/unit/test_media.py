"""Uploads: taken in, resumed, processed and swept."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from post_service.adapters.object_store import StoreUnavailable
from post_service.application.media import INCOMING, MediaLibrary, Places
from post_service.application.processing import Processing, Sweeping, Workers
from post_service.application.resumable import ResumableUploads
from post_service.domain import errors, media
from post_service.domain.errors import InvalidArgument
from post_service.domain.receipt import SizeLimits
from tests.media_fakes import CopyingProcessor, InMemoryObjects, InMemoryResumables, InMemoryUploads

CAT = b"image of a cat"


class World:
    """A library of its own, over fakes."""

    def __init__(self, *, quota: int = 1000, places: int = 4) -> None:
        self.uploads, self.objects = InMemoryUploads(), InMemoryObjects()
        self.resumables = InMemoryResumables(self.uploads)
        self.processor = CopyingProcessor()
        limits = SizeLimits(image=100, video=400)
        self.library = MediaLibrary(
            self.uploads, self.objects, recognise, limits, quota, Places(places)
        )
        self.resumable = ResumableUploads(self.library, self.resumables)
        self.processing = Processing(self.uploads, self.objects, self.processor)
        self.sweeping = Sweeping(self.uploads, self.resumables, self.objects)

    async def taken(self, content: bytes = CAT, owner_id: int = 1) -> media.Upload:
        return await self.library.take(owner_id, pieces(content))


def recognise(head: bytes) -> str | None:
    kinds = {b"image": "image/png", b"video": "video/mp4", b"sound": "audio/mpeg"}
    return kinds.get(head[:5])


async def pieces(content: bytes, size: int = 4) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_file_is_taken_processed_and_read_in_part(world: World) -> None:
    upload = await world.taken()
    assert (upload.type, upload.content_type, upload.bytes) == ("image", "image/png", len(CAT))
    assert upload.key == f"{upload.stem}-large.jpg"
    assert await world.processing.next()
    assert not await world.processing.next()
    assert (await world.library.get(upload.id, 1)).state is media.State.READY
    found = await world.library.read(upload.key, 9, 3, describe_only=False)
    assert found.chunks is not None
    assert (found.content_type, found.size, found.offset) == ("image/jpeg", len(CAT), 9)
    assert b"".join([chunk async for chunk in found.chunks]) == b"a c"
    assert list(world.objects.content) == [f"media/{upload.stem}/large.jpg"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", media.UnsupportedMedia),
        (b"sound", media.UnsupportedMedia),
        (b"image" + b"x" * 100, media.MediaTooLarge),
        (b"video" + b"x" * 400, media.MediaTooLarge),
    ],
)
async def test_what_is_not_taken_leaves_nothing(
    world: World, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.taken(content)
    assert (world.objects.content, world.uploads.rows) == ({}, {})


async def test_a_clip_may_be_larger_than_a_picture(world: World) -> None:
    assert (await world.taken(b"video" + b"x" * 300)).type == "video"


async def test_a_quota_that_is_reached_while_bytes_come_leaves_nothing() -> None:
    world = World(quota=20)
    await world.taken()
    with pytest.raises(media.QuotaExceeded):
        await world.taken(b"image of a dog")
    assert len(world.objects.content) == 1


async def test_only_so_many_files_arrive_at_once() -> None:
    world = World(places=1)

    async def another() -> AsyncIterator[bytes]:
        with pytest.raises(media.TooManyUploads):
            await world.taken(b"image 2")
        yield CAT

    await world.library.take(1, another())
    assert (await world.taken(b"image 3")).bytes == 7


async def test_the_same_bytes_are_kept_once_for_each_owner(world: World) -> None:
    first = await world.taken()
    assert await world.taken() == first
    assert (await world.taken(owner_id=2)).id != first.id
    assert len(world.objects.content) == 2


async def test_what_fails_says_why_and_can_be_sent_again(world: World) -> None:
    world.processor.failure = "it is damaged"
    upload = await world.taken()
    await world.processing.next()
    failed = await world.library.get(upload.id, 1)
    assert (failed.state, failed.failure) == (media.State.FAILED, "it is damaged")
    assert world.objects.content == {}
    world.processor.failure = ""
    assert (await world.taken()).id == upload.id
    await world.processing.next()
    assert (await world.library.get(upload.id, 1)).state is media.State.READY


async def test_each_file_waits_until_it_is_its_turn(world: World) -> None:
    for content in (b"image one", b"image two"):
        await world.taken(content)
    waiting_at_turns = []

    class Turns:
        async def turn(self) -> None:
            waiting_at_turns.append(sum(key.startswith(INCOMING) for key in world.objects.content))

    workers = Workers(world.processing, Turns())
    workers.wake()
    await workers.round()
    assert waiting_at_turns == [2, 1, 0]


async def test_what_kills_its_workers_has_failed_after_three_attempts(world: World) -> None:
    upload = await world.taken()
    for _ in range(3):
        assert await world.uploads.claim(timedelta(0))
    await world.processing.next()
    assert (await world.library.get(upload.id, 1)).failure == "it could not be processed"


async def test_while_the_store_is_away_nothing_is_attempted(world: World) -> None:
    upload = await world.taken()

    class Away(CopyingProcessor):
        async def process(self, *arguments: object, **how: object) -> media.Outcome:
            raise StoreUnavailable

    away = Processing(world.uploads, world.objects, Away())
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            await away.next()
        assert not await away.next()
        world.uploads.now += timedelta(minutes=1)
    await world.processing.next()
    assert (await world.library.get(upload.id, 1)).state is media.State.READY
    assert world.processor.in_idle_time == [True]


async def test_a_worker_that_dies_is_followed_by_another_one(world: World) -> None:
    upload = await world.taken()
    world.processor.dies = 2
    for _ in range(3):
        assert await world.processing.next()
        assert not await world.processing.next()
        world.uploads.now += timedelta(minutes=1)
    assert (await world.library.get(upload.id, 1)).state is media.State.READY
    assert world.processor.in_idle_time == [True, False, False]


async def test_what_is_deleted_while_it_is_processed_is_not_brought_back(world: World) -> None:
    upload = await world.taken()

    class Deleting(CopyingProcessor):
        async def process(self, *arguments: object, **how: object) -> media.Outcome:
            await world.library.delete(upload.id, 1)
            return await super().process(*arguments, **how)  # type: ignore[arg-type] # passed on

    await Processing(world.uploads, world.objects, Deleting()).next()
    assert world.objects.content == {}


async def test_pieces_make_a_file_and_are_one_upload_with_it(world: World) -> None:
    opened = (await world.resumable.begin(1, len(CAT))).upload
    first = await world.resumable.append(opened.id, 1, 0, pieces(CAT[:5]))
    assert (first.upload.offset, first.media) == (5, None)
    done = await world.resumable.append(opened.id, 1, 5, pieces(CAT[5:]))
    assert done.media is not None
    assert (await world.resumable.get(opened.id, 1)).media == done.media
    await world.processing.next()
    assert world.processor.seen == [CAT]


async def test_a_crash_before_pieces_became_media_loses_none_of_them(world: World) -> None:
    opened = (await world.resumable.begin(1, len(CAT))).upload
    done = await world.resumable.append(opened.id, 1, 0, pieces(CAT))
    world.resumables.rows[opened.id] = media.ResumableUpload(
        opened.id, 1, len(CAT), len(CAT), tuple(world.objects.content), opened.expires_at
    )
    assert (await world.resumable.get(opened.id, 1)).media == done.media
    await world.processing.next()
    assert world.processor.seen == [CAT]


@pytest.mark.parametrize(("offset", "error"), [(1, media.OffsetConflict), (0, InvalidArgument)])
async def test_a_piece_belongs_where_the_upload_is_and_not_beyond_its_end(
    world: World, offset: int, error: type[Exception]
) -> None:
    opened = (await world.resumable.begin(1, 8)).upload
    with pytest.raises(error):
        await world.resumable.append(opened.id, 1, offset, pieces(CAT))
    assert world.objects.content == {}
    assert (await world.resumable.get(opened.id, 1)).upload.offset == 0


async def test_a_piece_of_nothing_is_nothing(world: World) -> None:
    opened = (await world.resumable.begin(1, 8)).upload
    for _ in range(3):
        done = await world.resumable.append(opened.id, 1, 0, pieces(b""))
        assert (done.upload.offset, done.upload.parts) == (0, ())
    assert world.objects.content == {}


async def test_what_is_announced_counts_until_it_is_there_or_given_up() -> None:
    world = World(quota=20)
    first = (await world.resumable.begin(1, len(CAT))).upload
    with pytest.raises(media.QuotaExceeded):
        await world.resumable.begin(1, 21 - len(CAT))
    await world.resumable.abort(first.id, 1)
    second = (await world.resumable.begin(1, len(CAT))).upload
    assert (await world.resumable.append(second.id, 1, 0, pieces(CAT))).media is not None


async def test_pieces_that_are_no_picture_are_forgotten(world: World) -> None:
    opened = (await world.resumable.begin(1, 5)).upload
    with pytest.raises(media.UnsupportedMedia):
        await world.resumable.append(opened.id, 1, 0, pieces(b"sound"))
    with pytest.raises(media.UploadNotFound):
        await world.resumable.get(opened.id, 1)
    await world.sweeping.sweep()
    assert world.objects.content == {}


async def test_an_upload_is_opened_for_a_length_that_may_be(world: World) -> None:
    assert (await world.resumable.begin(1, 400)).upload.length == 400
    with pytest.raises(media.MediaTooLarge):
        await world.resumable.begin(1, 401)


async def test_an_upload_has_an_owner_and_a_length(world: World) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await world.resumable.begin(0, -1)
    assert [violation.field for violation in caught.value.violations] == ["owner_id", "length"]


async def test_an_upload_is_its_owners_alone(world: World) -> None:
    opened = (await world.resumable.begin(1, 5)).upload
    for call in (
        world.resumable.get(opened.id, 2),
        world.resumable.append(opened.id, 2, 0, pieces(b"image")),
        world.resumable.abort(opened.id, 2),
    ):
        with pytest.raises(errors.Forbidden):
            await call


async def test_what_nothing_shows_goes_after_a_day_with_all_its_objects(world: World) -> None:
    upload = await world.taken()
    await world.processing.next()
    await world.sweeping.sweep()
    assert world.objects.content
    world.uploads.now += timedelta(days=1, seconds=1)
    await world.sweeping.sweep()
    assert world.objects.content == {}
    with pytest.raises(media.MediaNotFound):
        await world.library.get(upload.id, 1)


async def test_objects_that_are_written_after_a_deletion_go_too(world: World) -> None:
    upload = await world.taken()
    await world.library.delete(upload.id, 1)
    await world.sweeping.sweep()
    world.objects.keep(f"media/{upload.stem}/large.jpg", b"late")
    await world.sweeping.sweep()
    assert world.objects.content == {}
    world.uploads.now += timedelta(hours=2)
    await world.sweeping.sweep()
    assert world.uploads.doom == {}


async def test_what_a_crash_left_of_an_upload_is_swept_a_day_later(world: World) -> None:
    waiting = await world.taken()
    long_ago = datetime.now(UTC) - timedelta(days=2)
    for key in list(world.objects.content):
        world.objects.written[key] = long_ago
    world.objects.keep("incoming/left", b"x", long_ago)
    world.objects.keep("incoming/fresh", b"x")
    await world.sweeping.sweep()
    row = world.uploads.rows[waiting.id]
    assert set(world.objects.content) == {*row.source, "incoming/fresh"}


async def test_an_avatar_stays_until_another_one_is_chosen(world: World) -> None:
    first, second = await world.taken(), await world.taken(b"image of a dog")
    await world.uploads.show_avatar(1, first.stem)
    with pytest.raises(media.MediaInUse):
        await world.library.delete(first.id, 1)
    await world.uploads.show_avatar(1, second.stem)
    await world.library.delete(first.id, 1)
