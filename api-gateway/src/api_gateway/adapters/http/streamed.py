"""An answer whose body is passed on while it comes."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from starlette.types import Send

from api_gateway.adapters.http.answer import Answer


async def _nothing() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for chunk in nothing:
        yield chunk


@dataclass(slots=True)
class StreamedAnswer(Answer):
    """One response of `length` bytes. What `chunks` raise after it has begun breaks it off.

    It holds `place` as long as its body is sent.
    """

    length: int = 0
    chunks: AsyncIterator[bytes] = field(default_factory=_nothing)
    place: AbstractAsyncContextManager[None] = field(default_factory=nullcontext)

    async def send(self, send: Send, *, with_body: bool = True) -> None:
        """Write the answer; a HEAD request gets everything but the body.

        Raises what `place` does before anything is written.
        """
        async with self.place if with_body else nullcontext():
            await self._write(send, with_body=with_body)

    async def _write(self, send: Send, *, with_body: bool) -> None:
        fields = [
            *self.fields,
            (b"cache-control", self.cache_control.encode()),
            (b"content-type", self.content_type),
            (b"content-length", b"%d" % self.length),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": fields})
        if with_body:
            async for chunk in self.chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
