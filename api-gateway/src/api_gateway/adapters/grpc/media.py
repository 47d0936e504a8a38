"""Pictures and clips, over gRPC from post-service."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import grpc
from pinstack_proto.post.v1 import media_pb2
from pinstack_proto.post.v1.media_pb2_grpc import MediaServiceStub
from service_kit.errors import Unavailable
from service_kit.timestamps import timestamp_from_pb

from api_gateway.domain.media import MediaItem, MediaUpload, MediaVariant, Span, StoredObject

_PIECE = 256 * 1024


class GrpcMedia:
    """The uploads that post-service keeps. A stream of bytes may take `seconds`."""

    def __init__(self, channel: grpc.aio.Channel, seconds: float) -> None:
        self._stub = MediaServiceStub(channel)
        self._seconds = seconds

    async def upload(self, owner_id: int, chunks: AsyncIterator[bytes]) -> MediaItem:
        async def requests() -> AsyncGenerator[media_pb2.UploadMediaRequest, None]:
            yield media_pb2.UploadMediaRequest(owner_id=owner_id)
            async for chunk in chunks:
                for piece in _pieces(chunk):
                    yield media_pb2.UploadMediaRequest(chunk=piece)

        answer = await self._stub.UploadMedia(requests(), timeout=self._seconds)
        return item_from_pb(answer.media)

    async def get(self, media_id: int, caller_id: int) -> MediaItem:
        request = media_pb2.GetMediaRequest(id=media_id, caller_id=caller_id)
        return item_from_pb((await self._stub.GetMedia(request)).media)

    async def delete(self, media_id: int, caller_id: int) -> None:
        request = media_pb2.DeleteMediaRequest(id=media_id, caller_id=caller_id)
        await self._stub.DeleteMedia(request)

    async def read(self, key: str, span: Span, *, describe_only: bool) -> StoredObject:
        request = media_pb2.ReadMediaRequest(
            key=key, offset=span.offset, length=span.length, describe_only=describe_only
        )
        answers = aiter(self._stub.ReadMedia(request, timeout=self._seconds))
        first = await anext(answers, None)
        if first is None:
            raise Unavailable
        found = first.object
        return StoredObject(
            found.content_type, found.bytes, found.offset, found.length, found.url, _chunks(answers)
        )

    async def begin(self, owner_id: int, length: int) -> MediaUpload:
        request = media_pb2.BeginUploadRequest(owner_id=owner_id, length=length)
        return upload_from_pb((await self._stub.BeginUpload(request)).upload)

    async def progress(self, upload_id: str, caller_id: int) -> MediaUpload:
        request = media_pb2.GetUploadRequest(id=upload_id, caller_id=caller_id)
        answer = await self._stub.GetUpload(request, timeout=self._seconds)
        return upload_from_pb(answer.upload)

    async def append(
        self, upload_id: str, caller_id: int, offset: int, chunks: AsyncIterator[bytes]
    ) -> MediaUpload:
        place = media_pb2.AppendUploadRequest.Place(
            id=upload_id, caller_id=caller_id, offset=offset
        )

        async def requests() -> AsyncGenerator[media_pb2.AppendUploadRequest, None]:
            yield media_pb2.AppendUploadRequest(place=place)
            async for chunk in chunks:
                for piece in _pieces(chunk):
                    yield media_pb2.AppendUploadRequest(chunk=piece)

        answer = await self._stub.AppendUpload(requests(), timeout=self._seconds)
        return upload_from_pb(answer.upload)

    async def abort(self, upload_id: str, caller_id: int) -> None:
        await self._stub.AbortUpload(
            media_pb2.AbortUploadRequest(id=upload_id, caller_id=caller_id)
        )


def _pieces(chunk: bytes) -> Iterator[bytes]:
    for at in range(0, len(chunk), _PIECE):
        yield chunk[at : at + _PIECE]


async def _chunks(
    answers: AsyncIterator[media_pb2.ReadMediaResponse],
) -> AsyncGenerator[bytes, None]:
    async for answer in answers:
        yield answer.chunk


def item_from_pb(message: media_pb2.MediaItem) -> MediaItem:
    """An upload as post-service tells it."""
    return MediaItem(
        id=message.id,
        type=message.type,
        state=message.state,
        url=message.url,
        width=message.width if message.HasField("width") else None,
        height=message.height if message.HasField("height") else None,
        bytes=message.bytes,
        blurhash=message.blurhash,
        variants=[variant_from_pb(variant) for variant in message.variants],
        failure=message.failure,
        content_type=message.content_type,
        kept_as_sent=message.kept_as_sent,
        created_at=timestamp_from_pb(message.created_at),
        duration_ms=message.duration_ms if message.HasField("duration_ms") else None,
    )


def variant_from_pb(message: media_pb2.MediaVariant) -> MediaVariant:
    """One size and format of an upload."""
    return MediaVariant(
        name=message.name,
        url=message.url,
        content_type=message.content_type,
        width=message.width,
        height=message.height,
        bytes=message.bytes,
    )


def upload_from_pb(message: media_pb2.ResumableUpload) -> MediaUpload:
    """A resumable upload, with what it became if it has."""
    return MediaUpload(
        id=message.id,
        length=message.length,
        offset=message.offset,
        expires_at=timestamp_from_pb(message.expires_at),
        media=item_from_pb(message.media) if message.HasField("media") else None,
    )
