"""post.v1.MediaService over the use cases: unpack, call, map."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty
from pinstack_proto.post.v1 import media_pb2, media_pb2_grpc
from service_kit import metrics
from service_kit.errors import AppError
from service_kit.grpc_server import Context
from service_kit.timestamps import timestamp_to_pb

from post_service.application.media import MediaLibrary, Reading
from post_service.application.resumable import Progress, ResumableUploads
from post_service.domain.errors import FieldViolation, InvalidArgument
from post_service.domain.media import Upload, Variant


class NoHeader(InvalidArgument):
    """A stream of bytes does not begin with what says whose they are."""

    def __init__(self) -> None:
        super().__init__(violations=[FieldViolation("part", "must begin with the header")])


class MediaServicer(media_pb2_grpc.MediaServiceServicer):
    """Uploads, for whoever calls by gRPC. `base_url` is what stands before their keys."""

    def __init__(self, library: MediaLibrary, resumable: ResumableUploads, base_url: str) -> None:
        self._library = library
        self._resumable = resumable
        self._map = Mapping(base_url)

    async def UploadMedia(
        self, request_iterator: AsyncIterator[media_pb2.UploadMediaRequest], context: Context
    ) -> media_pb2.UploadMediaResponse:
        first = await anext(request_iterator, None)
        if first is None or first.WhichOneof("part") != "owner_id" or first.owner_id < 1:
            raise NoHeader
        try:
            upload = await self._library.take(first.owner_id, _chunks(request_iterator))
        except AppError as error:
            metrics.MEDIA_UPLOADS.labels("unknown", error.code).inc()
            await _take_rest(request_iterator)
            raise
        metrics.MEDIA_UPLOADS.labels(upload.type, "taken").inc()
        return media_pb2.UploadMediaResponse(media=self._map.upload(upload))

    async def GetMedia(
        self, request: media_pb2.GetMediaRequest, context: Context
    ) -> media_pb2.GetMediaResponse:
        return media_pb2.GetMediaResponse(
            media=self._map.upload(await self._library.get(request.id, request.caller_id))
        )

    async def DeleteMedia(self, request: media_pb2.DeleteMediaRequest, context: Context) -> Empty:
        await self._library.delete(request.id, request.caller_id)
        return Empty()

    async def ReadMedia(
        self, request: media_pb2.ReadMediaRequest, context: Context
    ) -> AsyncIterator[media_pb2.ReadMediaResponse]:
        found = await self._library.read(
            request.key, request.offset, request.length, describe_only=request.describe_only
        )
        yield media_pb2.ReadMediaResponse(object=object_to_pb(found))
        if found.chunks is not None:
            async for chunk in found.chunks:
                metrics.MEDIA_BYTES.labels("read").inc(len(chunk))
                yield media_pb2.ReadMediaResponse(chunk=chunk)

    async def BeginUpload(
        self, request: media_pb2.BeginUploadRequest, context: Context
    ) -> media_pb2.BeginUploadResponse:
        return media_pb2.BeginUploadResponse(
            upload=self._map.progress(await self._resumable.begin(request.owner_id, request.length))
        )

    async def GetUpload(
        self, request: media_pb2.GetUploadRequest, context: Context
    ) -> media_pb2.GetUploadResponse:
        return media_pb2.GetUploadResponse(
            upload=self._map.progress(await self._resumable.get(request.id, request.caller_id))
        )

    async def AppendUpload(
        self, request_iterator: AsyncIterator[media_pb2.AppendUploadRequest], context: Context
    ) -> media_pb2.AppendUploadResponse:
        first = await anext(request_iterator, None)
        if first is None or first.WhichOneof("part") != "place":
            raise NoHeader
        place, chunks = first.place, _chunks(request_iterator)
        try:
            done = await self._resumable.append(place.id, place.caller_id, place.offset, chunks)
        except AppError:
            await _take_rest(request_iterator)
            raise
        return media_pb2.AppendUploadResponse(upload=self._map.progress(done))

    async def AbortUpload(self, request: media_pb2.AbortUploadRequest, context: Context) -> Empty:
        await self._resumable.abort(request.id, request.caller_id)
        return Empty()


async def _take_rest(requests: AsyncIterator[object]) -> None:
    """Let the caller send to the end: grpc.aio takes an answer that comes while it writes for an
    internal error, whatever it says.
    """
    async for _ in requests:
        pass


async def _chunks(
    requests: AsyncIterator[media_pb2.UploadMediaRequest]
    | AsyncIterator[media_pb2.AppendUploadRequest],
) -> AsyncIterator[bytes]:
    async for request in requests:
        metrics.MEDIA_BYTES.labels("taken").inc(len(request.chunk))
        yield request.chunk


@dataclass(frozen=True, slots=True)
class Mapping:
    """Uploads as the contract has them."""

    base_url: str

    def upload(self, upload: Upload) -> media_pb2.MediaItem:
        """An upload with the addresses of what was made of it."""
        found = upload.outcome
        return media_pb2.MediaItem(
            id=upload.id,
            owner_id=upload.owner_id,
            type=upload.type,
            state=upload.state,
            url=f"{self.base_url}/{upload.key}",
            width=found.width or None,
            height=found.height or None,
            bytes=upload.bytes,
            blurhash=found.blurhash,
            variants=[self._variant(upload, variant) for variant in found.variants],
            failure=upload.failure,
            content_type=upload.content_type,
            kept_as_sent=found.kept_as_sent,
            created_at=timestamp_to_pb(upload.created_at),
            duration_ms=found.duration_ms or None,
        )

    def _variant(self, upload: Upload, variant: Variant) -> media_pb2.MediaVariant:
        return media_pb2.MediaVariant(
            name=variant.name,
            url=f"{self.base_url}/{upload.stem}-{variant.file}",
            content_type=variant.content_type,
            width=variant.width,
            height=variant.height,
            bytes=variant.bytes,
        )

    def progress(self, progress: Progress) -> media_pb2.ResumableUpload:
        """How far an upload is, and what it became."""
        upload, media = progress.upload, progress.media
        return media_pb2.ResumableUpload(
            id=upload.id,
            length=upload.length,
            offset=upload.offset,
            expires_at=timestamp_to_pb(upload.expires_at),
            media=None if media is None else self.upload(media),
        )


def object_to_pb(found: Reading) -> media_pb2.MediaObject:
    """What is read, without its bytes."""
    return media_pb2.MediaObject(
        content_type=found.content_type,
        bytes=found.size,
        offset=found.offset,
        length=found.length,
        url=found.url,
    )
