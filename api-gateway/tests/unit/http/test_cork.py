"""The head of an answer and its body leave together; what stands alone leaves soon."""

import asyncio
from typing import Any

import pytest
from service_kit.testing import eventually

from api_gateway.adapters.http.corked import Corked

PATIENCE_SECONDS = 5


class Wire(asyncio.Transport):
    """Remembers each system call that a transport would make."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes] = []

    def write(self, data: Any) -> None:
        self.calls.append(bytes(data))

    def close(self) -> None:
        self.calls.append(b"closed")


@pytest.fixture
async def wire() -> Wire:
    return Wire()


async def test_head_and_body_are_one_write(wire: Wire) -> None:
    cork = Corked(wire)
    cork.write(b"head ")
    cork.write(b"body")
    assert wire.calls == [b"head body"]
    cork.write(b"next ")
    cork.write(b"answer")
    assert wire.calls == [b"head body", b"next answer"]


async def test_a_head_that_nothing_follows_leaves_with_the_turn_of_the_loop(wire: Wire) -> None:
    Corked(wire).write(b"head of a stream")
    assert wire.calls == []
    await eventually(lambda: wire.calls == [b"head of a stream"], PATIENCE_SECONDS)


async def test_an_empty_body_holds_nothing_back(wire: Wire) -> None:
    cork = Corked(wire)
    cork.write(b"")
    assert wire.calls == []
    cork.write(b"head")
    cork.write(b"")
    assert wire.calls == [b"head"]


async def test_what_is_held_leaves_before_the_end(wire: Wire) -> None:
    cork = Corked(wire)
    cork.write(b"head")
    cork.close()
    assert wire.calls == [b"head", b"closed"]
