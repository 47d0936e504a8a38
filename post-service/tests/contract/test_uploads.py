"""One suite for what is kept of uploads: in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

from post_service.adapters.event_records import event_to_record
from post_service.adapters.postgres.posts import PostgresPosts
from post_service.adapters.postgres.resumable import PostgresResumables
from post_service.adapters.postgres.units import PostgresUnits
from post_service.adapters.postgres.uploads import PostgresUploads
from post_service.application.media_ports import Resumables, Uploads
from post_service.application.use_cases import Publications
from post_service.domain.errors import AuthorGone
from post_service.domain.media import (
    Arrival,
    MediaInUse,
    OffsetConflict,
    QuotaExceeded,
    ResumableUpload,
    State,
    UploadNotFound,
)
from post_service.domain.models import MediaDraft, NewPost, PostChange
from tests.builders import a_new_post
from tests.media_fakes import InMemoryResumables, InMemoryUploads, an_outcome

QUOTA = 100
LEASE = timedelta(minutes=1)
TABLES = (
    "posts, post_tags, media, uploads, resumable_uploads, doomed_objects, deleted_authors, outbox"
)


@dataclass
class Store:
    """The ports, and what only a test may do."""

    uploads: Uploads
    resumables: Resumables
    lose: Callable[[int], Awaitable[object]]
    wait: Callable[[timedelta], Awaitable[object]]


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, database: Database) -> Store:
    if request.param == "memory":
        return in_memory()
    await database.fetch("empty", f"TRUNCATE {TABLES}")

    async def lose(owner_id: int) -> None:
        await database.fetch("lose", "INSERT INTO deleted_authors VALUES ($1)", owner_id)

    async def wait(time: timedelta) -> None:
        await database.fetch(
            "wait", "UPDATE uploads SET expires_at = expires_at - $1::interval", time
        )
        await database.fetch(
            "wait", "UPDATE uploads SET leased_until = leased_until - $1::interval", time
        )
        await database.fetch(
            "wait", "UPDATE doomed_objects SET doomed_at = doomed_at - $1::interval", time
        )

    uploads = PostgresUploads(database, event_to_record, lambda: None)
    return Store(uploads, PostgresResumables(database), lose, wait)


def in_memory() -> Store:
    uploads = InMemoryUploads()

    async def lose(owner_id: int) -> None:
        uploads.gone.add(owner_id)

    async def wait(time: timedelta) -> None:
        uploads.now += time

    return Store(uploads, InMemoryResumables(uploads), lose, wait)


def an_arrival(content: bytes = b"c", owner_id: int = 1, size: int = 10) -> Arrival:
    digest = content.ljust(32, b"\0")
    return Arrival(owner_id, digest, "image/png", size, (f"incoming/{uuid4().hex}",))


async def test_an_upload_is_kept_as_it_arrived(store: Store) -> None:
    made, is_new = await store.uploads.add(an_arrival(), QUOTA)
    assert (is_new, made.state, made.bytes, made.owner_id) == (True, State.PROCESSING, 10, 1)
    assert made.stem == f"{made.id:x}-{(b'c'.ljust(16, bytes(1))).hex()}"
    assert await store.uploads.get(made.id) == made
    assert await store.uploads.get(made.id + 1) is None
    assert await store.uploads.used(1) == 10


async def test_the_same_bytes_are_the_same_upload_and_only_their_first_copy_is_kept(
    store: Store,
) -> None:
    first = an_arrival()
    made, _ = await store.uploads.add(first, QUOTA)
    again, is_kept = await store.uploads.add(an_arrival(), QUOTA)
    assert (again.id, is_kept) == (made.id, False)
    _, is_kept = await store.uploads.add(first, QUOTA)
    assert is_kept
    other, is_kept = await store.uploads.add(an_arrival(owner_id=2), QUOTA)
    assert (other.id != made.id, is_kept) == (True, True)


async def test_a_quota_is_of_each_owner(store: Store) -> None:
    await store.uploads.add(an_arrival(b"a", size=90), QUOTA)
    with pytest.raises(QuotaExceeded):
        await store.uploads.add(an_arrival(b"b", size=11), QUOTA)
    await store.uploads.add(an_arrival(b"b", size=10), QUOTA)
    await store.uploads.add(an_arrival(b"b", 2, size=90), QUOTA)


async def test_who_is_gone_uploads_nothing(store: Store) -> None:
    await store.lose(1)
    with pytest.raises(AuthorGone):
        await store.uploads.add(an_arrival(), QUOTA)
    with pytest.raises(AuthorGone):
        await store.resumables.begin(an_upload(), QUOTA)


async def test_each_upload_that_waits_is_one_workers_until_its_lease_ends(store: Store) -> None:
    first, _ = await store.uploads.add(an_arrival(b"a"), QUOTA)
    second, _ = await store.uploads.add(an_arrival(b"b"), QUOTA)
    jobs = [await store.uploads.claim(LEASE) for _ in range(3)]
    assert [job and (job.upload.id, job.attempt) for job in jobs] == [
        (first.id, 1),
        (second.id, 1),
        None,
    ]
    await store.wait(2 * LEASE)
    again = await store.uploads.claim(LEASE)
    assert again is not None
    assert (again.upload.id, again.attempt) == (first.id, 2)


async def test_what_is_released_waits_a_while_and_is_claimed_again(store: Store) -> None:
    made, _ = await store.uploads.add(an_arrival(), QUOTA)
    assert await store.uploads.claim(10 * LEASE)
    await store.uploads.release(made.id, LEASE)
    assert await store.uploads.claim(LEASE) is None
    await store.wait(2 * LEASE)
    again = await store.uploads.claim(LEASE)
    assert again is not None
    assert again.attempt == 2


async def test_what_is_finished_is_ready_and_waits_no_more(store: Store) -> None:
    made, _ = await store.uploads.add(an_arrival(), QUOTA)
    assert await store.uploads.finish(made.id, an_outcome())
    expected = replace(made, state=State.READY, outcome=an_outcome())
    assert await store.uploads.get(made.id) == expected
    assert await store.uploads.claim(LEASE) is None
    assert not await store.uploads.finish(made.id, an_outcome())
    assert not await store.uploads.fail(made.id, "late")


async def test_what_failed_says_why_and_is_tried_again_when_it_is_sent_again(store: Store) -> None:
    made, _ = await store.uploads.add(an_arrival(), QUOTA)
    assert await store.uploads.fail(made.id, "it is damaged")
    failed = await store.uploads.get(made.id)
    assert failed is not None
    assert (failed.state, failed.failure) == (State.FAILED, "it is damaged")
    again, is_kept = await store.uploads.add(an_arrival(), QUOTA)
    assert (again, is_kept) == (made, True)
    job = await store.uploads.claim(LEASE)
    assert job is not None
    assert job.attempt == 1


async def test_what_is_removed_dooms_its_objects_until_nobody_can_write_them(store: Store) -> None:
    arrival = an_arrival()
    made, _ = await store.uploads.add(arrival, QUOTA)
    await store.uploads.remove(made.id)
    assert await store.uploads.get(made.id) is None
    doomed = await store.uploads.doomed()
    assert set(doomed) == {f"media/{made.stem}", *arrival.source}
    await store.uploads.forget_doomed(doomed, LEASE)
    assert await store.uploads.doomed() == doomed
    await store.wait(2 * LEASE)
    await store.uploads.forget_doomed(doomed, LEASE)
    assert await store.uploads.doomed() == []
    await store.uploads.remove(made.id)


async def test_uploads_expire_that_nothing_shows(store: Store) -> None:
    plain, _ = await store.uploads.add(an_arrival(b"a"), QUOTA)
    avatar, _ = await store.uploads.add(an_arrival(b"b"), QUOTA)
    await store.uploads.show_avatar(1, avatar.stem)
    assert await store.uploads.expire() == 0
    await store.wait(timedelta(days=2))
    assert await store.uploads.expire() > 0
    assert await store.uploads.get(plain.id) is None
    assert await store.uploads.get(avatar.id) is not None


async def test_what_is_shown_does_not_expire_by_being_sent_again(store: Store) -> None:
    avatar, _ = await store.uploads.add(an_arrival(), QUOTA)
    await store.uploads.show_avatar(1, avatar.stem)
    await store.uploads.add(an_arrival(), QUOTA)
    await store.wait(timedelta(days=2))
    await store.uploads.expire()
    assert await store.uploads.get(avatar.id) is not None


async def test_what_failed_has_its_time_anew_when_it_is_sent_again(store: Store) -> None:
    made, _ = await store.uploads.add(an_arrival(), QUOTA)
    await store.uploads.fail(made.id, "it is damaged")
    await store.wait(timedelta(days=2))
    await store.uploads.add(an_arrival(), QUOTA)
    await store.uploads.expire()
    assert await store.uploads.get(made.id) is not None


async def test_an_attempt_that_was_none_is_given_back(store: Store) -> None:
    made, _ = await store.uploads.add(an_arrival(), QUOTA)
    for _ in range(2):
        job = await store.uploads.claim(LEASE)
        assert job is not None
        assert job.attempt == 1
        await store.uploads.give_back(made.id, LEASE)
        assert await store.uploads.claim(LEASE) is None
        await store.wait(2 * LEASE)


async def test_what_is_under_way_counts_with_what_was_announced(store: Store) -> None:
    opened = an_upload(length=60)
    await store.resumables.begin(opened, QUOTA)
    assert await store.uploads.used(1) == 60
    with pytest.raises(QuotaExceeded):
        await store.resumables.begin(an_upload(length=41), QUOTA)
    with pytest.raises(QuotaExceeded):
        await store.uploads.add(an_arrival(b"a", size=41), QUOTA)
    after = await store.resumables.append(opened, "incoming/1", 60)
    whole = replace(an_arrival(size=60), source=after.parts, resumable_id=opened.id)
    await store.uploads.add(whole, 60)
    assert await store.uploads.used(1) == 60


async def test_two_changes_that_swap_uploads_do_not_wait_for_each_other(
    database: Database,
) -> None:
    await database.fetch("empty", f"TRUNCATE {TABLES}")
    uploads = PostgresUploads(database, event_to_record, lambda: None)
    units = PostgresUnits(database, event_to_record, lambda: None)
    publications = Publications(PostgresPosts(database), units)
    made = [(await uploads.add(an_arrival(name), QUOTA))[0].id for name in (b"a", b"b")]
    shown = [(MediaDraft("", "", media_id=number),) for number in made]
    for _ in range(20):
        posts = [await publications.create(NewPost(1, "a", media=one), None) for one in shown]
        async with asyncio.TaskGroup() as race:
            for post, other in zip(posts, reversed(shown), strict=True):
                race.create_task(publications.update(post.id, PostChange(media=other), 1))
        for post in posts:
            await publications.delete(post.id, 1)


async def test_an_avatar_is_in_use_until_there_is_another_one(store: Store) -> None:
    first, _ = await store.uploads.add(an_arrival(b"a"), QUOTA)
    second, _ = await store.uploads.add(an_arrival(b"b"), QUOTA)
    await store.uploads.show_avatar(1, first.stem)
    await store.uploads.show_avatar(2, first.stem)
    with pytest.raises(MediaInUse):
        await store.uploads.remove(first.id)
    await store.uploads.show_avatar(1, second.stem)
    await store.uploads.remove(first.id)
    await store.uploads.show_avatar(1, None)
    await store.wait(LEASE)
    await store.uploads.expire()
    assert await store.uploads.get(second.id) is None


async def test_all_that_one_has_sent_goes_with_one(store: Store) -> None:
    mine, _ = await store.uploads.add(an_arrival(), QUOTA)
    other, _ = await store.uploads.add(an_arrival(owner_id=2), QUOTA)
    await store.uploads.remove_all_of(1)
    assert await store.uploads.get(mine.id) is None
    assert await store.uploads.get(other.id) == other


def an_upload(length: int = 10) -> ResumableUpload:
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    return ResumableUpload(uuid4().hex, 1, length, 0, (), expires_at)


async def test_parts_follow_each_other(store: Store) -> None:
    opened = an_upload()
    await store.resumables.begin(opened, QUOTA)
    assert await store.resumables.get(opened.id) == opened
    first = await store.resumables.append(opened, "incoming/1", 4)
    assert (first.offset, first.parts) == (4, ("incoming/1",))
    with pytest.raises(OffsetConflict):
        await store.resumables.append(opened, "incoming/2", 4)
    second = await store.resumables.append(first, "incoming/3", 6)
    assert await store.resumables.get(opened.id) == second
    assert await store.uploads.known_sources(["incoming/1", "incoming/2"]) == {"incoming/1"}


@pytest.mark.parametrize("upload_id", ["", "a\0b", "x" * 100_000])
async def test_what_is_no_id_is_no_upload(store: Store, upload_id: str) -> None:
    assert await store.resumables.get(upload_id) is None


async def test_what_has_become_media_takes_no_more_parts_and_keeps_its_own(store: Store) -> None:
    opened = an_upload()
    await store.resumables.begin(opened, QUOTA)
    after = await store.resumables.append(opened, "incoming/1", 10)
    arrived = replace(an_arrival(), source=after.parts, resumable_id=opened.id)
    made, is_kept = await store.uploads.add(arrival=arrived, quota_bytes=QUOTA)
    found = await store.resumables.get(opened.id)
    assert (found, is_kept) == (replace(after, media_id=made.id), True)
    with pytest.raises(OffsetConflict):
        await store.resumables.append(after, "incoming/2", 1)
    await store.resumables.forget(opened.id)
    assert await store.uploads.doomed() == []


async def test_pieces_that_are_media_already_become_that(store: Store) -> None:
    opened = an_upload()
    await store.resumables.begin(opened, QUOTA)
    made, _ = await store.uploads.add(an_arrival(), QUOTA)
    again = replace(an_arrival(), source=("incoming/2",), resumable_id=opened.id)
    assert await store.uploads.add(again, QUOTA) == (made, False)
    found = await store.resumables.get(opened.id)
    assert found is not None
    assert found.media_id == made.id


async def test_what_is_given_up_dooms_its_parts(store: Store) -> None:
    opened = an_upload()
    await store.resumables.begin(opened, QUOTA)
    after = await store.resumables.append(opened, "incoming/1", 4)
    await store.resumables.forget(opened.id)
    assert await store.uploads.doomed() == ["incoming/1"]
    with pytest.raises(UploadNotFound):
        await store.resumables.append(after, "incoming/2", 4)


async def test_what_is_too_old_is_forgotten(store: Store) -> None:
    opened = replace(an_upload(), expires_at=datetime.now(UTC) - timedelta(seconds=1))
    await store.resumables.begin(opened, QUOTA)
    await store.resumables.expire()
    assert await store.resumables.get(opened.id) is None


async def test_an_upload_lasts_while_posts_show_it(database: Database) -> None:
    await database.fetch("empty", f"TRUNCATE {TABLES}")
    uploads = PostgresUploads(database, event_to_record, lambda: None)
    units = PostgresUnits(database, event_to_record, lambda: None)
    made, _ = await uploads.add(an_arrival(), QUOTA)
    draft = MediaDraft("", "", 1, media_id=made.id)
    first = await units.publish(a_new_post(media=[draft]), None)
    second = await units.publish(a_new_post(media=[draft]), None)
    assert await expiry(database) is None
    with pytest.raises(MediaInUse):
        await uploads.remove(made.id)
    async with units.begin() as unit:
        await unit.lock(first.id)
        await unit.change(first.id, PostChange(media=()))
    assert await expiry(database) is None
    async with units.begin() as unit:
        await unit.remove(await unit.some_of(1, 10))
    assert await expiry(database) is not None
    assert (await uploads.expire(), second.media[0].url) == (2, f"/{made.key}")


async def expiry(database: Database) -> datetime | None:
    rows = await database.fetch("expiry", "SELECT expires_at FROM uploads")
    found: datetime | None = rows[0]["expires_at"]
    return found
