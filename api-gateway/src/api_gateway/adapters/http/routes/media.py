"""Pictures and clips: sent in one piece, looked at, shown, deleted."""

from typing import Final

from service_kit.errors import Unavailable

from api_gateway.adapters.http.answer import Answer, created, no_content, ok
from api_gateway.adapters.http.body_places import BodyPlaces, TooManyDownloads
from api_gateway.adapters.http.body_stream import BodyStream
from api_gateway.adapters.http.byte_ranges import span_of
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.errors import RangeNotSatisfiable
from api_gateway.adapters.http.multipart import file_in_form
from api_gateway.adapters.http.operations import (
    FORBIDDEN,
    MEDIA_NOT_FOUND,
    Access,
    Field,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.media import (
    EXAMPLE,
    UPLOADED_EXAMPLE,
    MediaItemData,
    MediaKey,
    media_content,
)
from api_gateway.adapters.http.streamed import StreamedAnswer
from api_gateway.application.media import Media
from api_gateway.domain.media import Span, StoredObject

TAKEN_IN: Final = (
    Refusal(400, "UNSUPPORTED_MEDIA", "validation failed"),
    Refusal(400, "MEDIA_TOO_LARGE", "validation failed"),
    Refusal(429, "MEDIA_QUOTA_EXCEEDED", "media quota exceeded"),
    Refusal(429, "TOO_MANY_UPLOADS", "too many uploads at once"),
)
FORM: Final = "multipart/form-data"
_IN_USE: Final = Refusal(409, "MEDIA_IN_USE", "media is in use")
_DOWNLOADS: Final = Refusal(429, TooManyDownloads.code, TooManyDownloads.message)
_AT_ONCE: Final = 64 * 1024
"""What asyncio takes for a connection without waiting for its reader: no place is needed for it."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_A_WHILE: Final = "private, max-age=300"
_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"


class MediaRoutes:
    """Operations on /media."""

    def __init__(self, media: Media, places: BodyPlaces) -> None:
        self._media = media
        self._places = places

    @operation(
        "POST",
        "/media",
        "uploadMedia",
        "Send a picture or a clip",
        access=Access.TOKEN,
        success=Success(201, MediaItemData, UPLOADED_EXAMPLE, "media uploaded"),
        errors=TAKEN_IN,
        takes=FORM,
    )
    async def upload(self, call: Call, body: BodyStream) -> Answer:
        """The part `file` of a form. What it is, is found in its bytes: JPEG, PNG, GIF, WebP, HEIC
        and AVIF pictures; MP4, MOV and WebM clips. Pictures are made anew in three sizes, without
        what they say of their maker. Unless a post or a profile shows it, it goes after a day. The
        same bytes again are the same media.
        """
        file = file_in_form(body.chunks(), call.field("content-type"), "file")
        item = await self._media.upload(call.caller.user_id, file)
        return created(media_content(item), "media uploaded")

    @operation(
        "GET",
        "/media/{media_id}",
        "getMedia",
        "What has become of an upload",
        access=Access.TOKEN,
        success=Success(200, MediaItemData, EXAMPLE, "media found"),
        errors=(FORBIDDEN, MEDIA_NOT_FOUND),
    )
    async def get(self, call: Call, media_id: fields.TextId) -> Answer:
        """One's own: `processing` until it is `ready` or has `failed`."""
        return ok(
            media_content(await self._media.get(media_id, call.caller.user_id)), "media found"
        )

    @operation(
        "DELETE",
        "/media/{media_id}",
        "deleteMedia",
        "Delete an upload of one's own",
        access=Access.TOKEN,
        success=Success(204),
        errors=(FORBIDDEN, MEDIA_NOT_FOUND, _IN_USE),
    )
    async def delete(self, call: Call, media_id: fields.TextId) -> Answer:
        """Its addresses answer 404 within a minute. What a post or a profile shows stays: 409."""
        await self._media.delete(media_id, call.caller.user_id)
        return no_content()

    @operation(
        "GET",
        "/media/{key}",
        "readMedia",
        "A picture or a clip itself",
        access=Access.OPEN,
        limit=None,
        success=Success(
            bare="application/octet-stream",
            also=((206, "A part of it"), (307, "It is to be read elsewhere for a while")),
        ),
        errors=(
            MEDIA_NOT_FOUND,
            Refusal(416, "RANGE_NOT_SATISFIABLE", "range not satisfiable"),
            _DOWNLOADS,
        ),
        fields=(
            Field("Range", "One part of it: bytes=first-last.", {"type": "string"}, required=False),
            Field("If-Range", "Only of this entity tag.", {"type": "string"}, required=False),
        ),
        prefix="",
    )
    async def read(self, call: Call, key: MediaKey) -> Answer:
        """Never changes, so it may be kept for ever. Range gets a part (206). Where the store can
        be read by anybody for a while, the answer is a redirection (307).
        """
        tag = f'"{key}"'
        span = span_of(call.field("range"), if_range=call.field("if-range"), tag=tag)
        known = call.field("if-none-match")
        is_known = known is not None and (known.strip() == "*" or tag in known)
        found = await self._media.read(key, span or Span(), describe_only=is_known)
        if found.url:
            return Answer(307, cache_control=_FOR_A_WHILE).add("location", found.url)
        if is_known:
            return Answer(304, cache_control=_FOR_EVER).add("etag", tag)
        if span is not None and not found.length:
            raise RangeNotSatisfiable(found.size)
        answer = await self._body(found, call)
        return _described(answer, found, tag, is_part=span is not None)

    async def _body(self, found: StoredObject, call: Call) -> Answer:
        """A short body whole, so that its reader holds nothing of the service; a long one in a
        place.
        """
        kind = found.content_type.encode()
        if found.length > _AT_ONCE:
            place = self._places.place(call.address)
            return StreamedAnswer(
                200, content_type=kind, length=found.length, chunks=found.chunks, place=place
            )
        body = b"".join([chunk async for chunk in found.chunks])
        if len(body) != found.length:
            raise Unavailable
        return Answer(200, body, kind)


def _described(answer: Answer, found: StoredObject, tag: str, *, is_part: bool) -> Answer:
    answer.cache_control = _FOR_EVER
    answer.add("etag", tag).add("accept-ranges", "bytes")
    answer.add("content-security-policy", _POLICY)
    answer.add("cross-origin-resource-policy", "cross-origin")
    if is_part:
        answer.status = 206
        last = found.offset + found.length - 1
        answer.add("content-range", f"bytes {found.offset}-{last}/{found.size}")
    return answer
