"""What may be an avatar: any address, or a picture of one's own that has not failed."""

from collections.abc import AsyncIterator

import pytest
from service_kit.errors import InvalidArgument, NotFound, PermissionDenied

from api_gateway.application.avatars import Avatars
from tests.fakes.media import InMemoryMedia


async def sent(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def test_an_address_is_taken_as_it_is() -> None:
    address = "https://cdn.example.org/a.png"
    assert await Avatars(InMemoryMedia()).address(address, 1) == address


async def test_a_picture_of_ones_own_is_taken_by_its_id_while_it_is_worked_on() -> None:
    media = InMemoryMedia()
    made = await media.upload(1, sent(b"image"))
    media.states[made.id] = "processing"
    assert await Avatars(media).address(made.id, 1) == made.url


@pytest.mark.parametrize(("content", "state"), [(b"video", "ready"), (b"image", "failed")])
async def test_a_clip_and_what_failed_are_refused(content: bytes, state: str) -> None:
    media = InMemoryMedia()
    made = await media.upload(1, sent(content))
    media.states[made.id] = state
    with pytest.raises(InvalidArgument) as refused:
        await Avatars(media).address(made.id, 1)
    assert [violation.field for violation in refused.value.violations] == ["avatar_url"]


async def test_what_is_somebody_elses_or_nobodys_is_refused() -> None:
    media = InMemoryMedia()
    made = await media.upload(2, sent(b"image"))
    with pytest.raises(PermissionDenied):
        await Avatars(media).address(made.id, 1)
    with pytest.raises(NotFound):
        await Avatars(media).address(404, 1)
