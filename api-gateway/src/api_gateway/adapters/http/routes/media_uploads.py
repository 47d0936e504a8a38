"""Uploads that can be interrupted and go on: the tus protocol 1.0.0 (tus.io), its core with the
extensions creation, termination and expiration.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from email.utils import format_datetime
from typing import Final

from api_gateway.adapters.http.answer import Answer, created, no_content, ok
from api_gateway.adapters.http.body_stream import BodyStream, ClientGone
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.errors import EdgeError, InvalidInput, UnsupportedMediaType
from api_gateway.adapters.http.operations import (
    API,
    FORBIDDEN,
    Access,
    Field,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.routes.media import TAKEN_IN
from api_gateway.adapters.http.schemas.media import (
    UPLOAD_EXAMPLE,
    MediaUploadData,
    UploadId,
    upload_content,
)
from api_gateway.application.media import Media
from api_gateway.domain.media import MediaUpload

PIECE: Final = "application/offset+octet-stream"
VERSION: Final = "1.0.0"
_NOT_FOUND: Final = Refusal(404, "UPLOAD_NOT_FOUND", "upload not found")
_OFFSET: Final = Refusal(409, "UPLOAD_OFFSET_CONFLICT", "upload offset does not match")
_VERSION: Final = Refusal(412, "TUS_VERSION_UNSUPPORTED", "tus version is not supported")
_MOST_DIGITS: Final = 18
_COUNT: Final = {"type": "integer", "minimum": 0, "maximum": 10**_MOST_DIGITS - 1}
_RESUMABLE: Final = Field(
    "Tus-Resumable",
    "The version of the protocol.",
    {"type": "string", "const": VERSION},
    required=False,
)
_ALWAYS: Final = (("tus-resumable", VERSION),)
_OPTIONS: Final = (
    *_ALWAYS,
    ("tus-version", VERSION),
    ("tus-extension", "creation,expiration,termination"),
)


class UnsupportedVersion(EdgeError):
    """Tus-Resumable names another version than this."""

    status, code, message = _VERSION.status, _VERSION.code, _VERSION.message
    fields: Mapping[str, str] = {"tus-version": VERSION}


class MediaUploadRoutes:
    """Operations on /media/uploads."""

    def __init__(self, media: Media) -> None:
        self._media = media

    @operation(
        "POST",
        "/media/uploads",
        "beginUpload",
        "Open a resumable upload",
        access=Access.TOKEN,
        success=Success(201, MediaUploadData, UPLOAD_EXAMPLE, "upload opened"),
        errors=(*TAKEN_IN, _VERSION),
        fields=(Field("Upload-Length", "Bytes of the file.", {**_COUNT, "minimum": 1}), _RESUMABLE),
        options=_OPTIONS,
        always=_ALWAYS,
    )
    async def begin(self, call: Call) -> Answer:
        """Of as many bytes as Upload-Length says, to the address in Location."""
        _check_version(call)
        upload = await self._media.begin(call.caller.user_id, _number(call, "upload-length"))
        answer = created(upload_content(upload), "upload opened")
        return _told(answer, upload).add("location", f"{API}/media/uploads/{upload.id}")

    @operation(
        "GET",
        "/media/uploads/{upload_id}",
        "getUpload",
        "How far a resumable upload is",
        access=Access.TOKEN,
        success=Success(200, MediaUploadData, UPLOAD_EXAMPLE, "upload found"),
        errors=(FORBIDDEN, _NOT_FOUND, _VERSION),
        always=_ALWAYS,
    )
    async def get(self, call: Call, upload_id: UploadId) -> Answer:
        """In Upload-Offset and Upload-Length too, which is what HEAD asks for."""
        _check_version(call)
        upload = await self._media.progress(upload_id, call.caller.user_id)
        return _told(ok(upload_content(upload), "upload found").untagged(), upload)

    @operation(
        "PATCH",
        "/media/uploads/{upload_id}",
        "appendUpload",
        "Send the next piece of a resumable upload",
        access=Access.TOKEN,
        success=Success(204),
        errors=(
            *TAKEN_IN,
            FORBIDDEN,
            _NOT_FOUND,
            _OFFSET,
            _VERSION,
            Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "unsupported media type"),
        ),
        takes=PIECE,
        fields=(Field("Upload-Offset", "Where the piece belongs.", _COUNT), _RESUMABLE),
        options=_OPTIONS,
        always=_ALWAYS,
    )
    async def append(self, call: Call, upload_id: UploadId, body: BodyStream) -> Answer:
        """What has arrived when a connection breaks stays. The last piece makes it media: GET the
        upload for it.
        """
        _check_version(call)
        if (call.field("content-type") or "").partition(";")[0].strip().lower() != PIECE:
            raise UnsupportedMediaType
        offset, chunks = _number(call, "upload-offset"), _while_there(body.chunks())
        upload = await self._media.append(upload_id, call.caller.user_id, offset, chunks)
        return _told(no_content(), upload)

    @operation(
        "DELETE",
        "/media/uploads/{upload_id}",
        "abortUpload",
        "Give a resumable upload up",
        access=Access.TOKEN,
        success=Success(204),
        errors=(FORBIDDEN, _NOT_FOUND, _VERSION),
        always=_ALWAYS,
    )
    async def abort(self, call: Call, upload_id: UploadId) -> Answer:
        """And forget what has arrived of it."""
        _check_version(call)
        await self._media.abort(upload_id, call.caller.user_id)
        return no_content()


def _check_version(call: Call) -> None:
    if call.field("tus-resumable") not in (None, VERSION):
        raise UnsupportedVersion


def _number(call: Call, name: str) -> int:
    text = call.field(name) or ""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise InvalidInput
    return int(text)


async def _while_there(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The chunks, up to where the client went away: what has come is kept."""
    try:
        async for chunk in chunks:
            yield chunk
    except ClientGone:
        return


def _told(answer: Answer, upload: MediaUpload) -> Answer:
    answer.add("upload-offset", str(upload.offset)).add("upload-length", str(upload.length))
    return answer.add("upload-expires", format_datetime(upload.expires_at, usegmt=True))
