"""What happens to every request of an operation, in the order that the API promises."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog
from service_kit import deadlines, errors, metrics
from service_kit.errors import AppError
from starlette.types import Receive

from api_gateway.adapters.http.admission import Admission
from api_gateway.adapters.http.answer import Answer, Fields, again
from api_gateway.adapters.http.authentication import Authentication
from api_gateway.adapters.http.binding import Binding, bind
from api_gateway.adapters.http.body_stream import BodyStream, StreamLimits
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.conditional import named, tagged
from api_gateway.adapters.http.crowd import Crowd
from api_gateway.adapters.http.errors import BodyTooSlow, answer_of, status_of
from api_gateway.adapters.http.hot_reads import HotReads, Key, Work
from api_gateway.adapters.http.idempotency import Idempotency
from api_gateway.adapters.http.json_body import read_body
from api_gateway.adapters.http.operations import Access, Hot, Route
from api_gateway.adapters.http.rate_limits import LimitReached, RateLimits
from api_gateway.adapters.http.schemas.fields import MOST_DIGITS

_LONGEST_QUERY: Final = 512
_UPLOADS: Final = "media"
"""The tag of what post-service has places of its own for: a hundred who begin are no queue."""
_INBOX: Final = "notifications"
"""The tag of reads that show more of the caller's own than what is kept of it may."""
_BODY_SHARE: Final = 0.9
"""Of a request's time: a client that does not send is told so before the deadline blames us."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What all operations share."""

    authentication: Authentication
    rate_limits: RateLimits
    idempotency: Idempotency
    admission: Admission
    password_admission: Admission
    timeout_seconds: float
    password_timeout_seconds: float
    max_body_bytes: int
    stream_limits: StreamLimits
    stream_timeout_seconds: float
    hot: HotReads | None = None
    crowds: Mapping[str, Crowd] = field(default_factory=dict)


class Endpoint:
    """One operation, ready to serve."""

    def __init__(self, route: Route, path_names: list[str], edge: Edge) -> None:
        self.operation = route.operation
        self._handler = route.handler
        self._binding: Binding = bind(route.handler, path_names)
        self._edge = edge
        self._seconds, self._admission = edge.timeout_seconds, edge.admission
        if route.operation.hashes:
            # Places of their own: those who wait for a hash must not take those of the others.
            self._seconds = edge.password_timeout_seconds
            self._admission = edge.password_admission
        if route.operation.takes:
            self._seconds = edge.stream_timeout_seconds
        has_places = route.operation.hashes or route.operation.tag == _UPLOADS
        self.crowd = None if has_places else edge.crowds.get(route.operation.service)
        nobody: AbstractContextManager[None] = nullcontext()
        counted = self.crowd or nobody
        # Kept answers wait for nobody: of hot reads only the others count.
        is_hot = route.operation.hot is not None
        self._whole = nobody if is_hot else counted
        self._work_alone = counted if is_hot else nobody

    async def serve(self, call: Call, parameters: Mapping[str, str], receive: Receive) -> Answer:
        """The answer to one request. Raises nothing that a client can cause."""
        fields: Fields = []
        stream = BodyStream(receive, self._edge.stream_limits, waits=_waits(call))
        try:
            with self._admission.place(), self._whole, deadlines.within(self._seconds):
                async with asyncio.timeout(self._seconds):
                    answer = await self._admitted(call, parameters, receive, fields, stream)
        except TimeoutError:
            answer = answer_of(errors.DeadlineExceeded(), call.request_id)
        except AppError as error:
            answer = answer_of(error, call.request_id)
        if self._binding.stream and await stream.leave():
            answer.add("connection", "close")
        answer.fields.extend(fields)
        for name, value in self.operation.always:
            answer.add(name, value)
        return answer

    async def _admitted(
        self,
        call: Call,
        parameters: Mapping[str, str],
        receive: Receive,
        fields: Fields,
        stream: BodyStream,
    ) -> Answer:
        await self._identify(call, fields)
        key = self._key(call, parameters)
        if key is not None:
            return await self._hot(key, call, parameters)
        raw = b"" if self._binding.stream else await self._body(call, receive)
        arguments = self._binding.arguments(call, parameters, raw)
        if self._binding.stream:
            arguments[self._binding.stream] = stream
        work = partial(self._work, call, arguments)
        if self.operation.method == "GET":
            answer = await work()
            if self.operation.tag == _INBOX and self._edge.hot is not None:
                self._edge.hot.looked(call.caller.user_id)
            return tagged(call, answer)
        try:
            if not self.operation.idempotent:
                return await work()
            asked = b"\0".join([raw, *self._fields_read(call)])
            return await self._edge.idempotency.once(call, self.operation.path, asked, work)
        finally:
            await self._wrote(call)

    def _fields_read(self, call: Call) -> Iterator[bytes]:
        """What a request says in header fields of its operation's own."""
        for read in self.operation.fields:
            yield (call.field(read.name.lower()) or "").encode("latin-1")

    def _key(self, call: Call, parameters: Mapping[str, str]) -> Key | None:
        """What names the answer to a hot read; None where it must be made for this caller."""
        hot, query = self.operation.hot, call.scope.get("query_string", b"")
        kept = self._edge.hot
        if hot is None or kept is None or call.field("content-length"):
            return None
        if len(query) > _LONGEST_QUERY:
            return None
        own = call.principal is not None and hot is Hot.OWN
        if self.operation.apart and call.principal is not None:
            named = parameters[self.operation.apart]
            if not (named.isascii() and named.isdecimal()) or len(named) > MOST_DIGITS:
                return None
            own = int(named) == call.principal.user_id
        key = (call.path, query)
        return kept.own_key(key, call.principal.user_id) if own and call.principal else key

    def is_at_hand(self, path: str, query: bytes) -> bool:
        """Whether most who ask for this now wait for no call of their own."""
        hot = self._edge.hot
        return (
            hot is not None and self.operation.hot is Hot.SHARED and hot.is_at_hand((path, query))
        )

    async def _hot(self, key: Key, call: Call, parameters: Mapping[str, str]) -> Answer:
        """The answer to a hot read, kept or fetched."""
        hot = self._edge.hot
        assert hot is not None  # noqa: S101 - what gave it a key
        caller = None if call.principal is None else call.principal.user_id
        kept = hot.find(key, caller)
        if kept is not None:
            hot.renew(key, kept, partial(self._fetching, call, parameters))
            return named(call, Answer(200, again(kept.stem), fields=[*kept.fields]), kept.tag)
        return tagged(call, await hot.load(key, caller, self._fetching(call, parameters)))

    def _fetching(self, call: Call, parameters: Mapping[str, str]) -> Work:
        return partial(self._fetch, self._binding.arguments(call, parameters, b""))

    async def _fetch(self, arguments: Mapping[str, Any]) -> Answer:
        """As `_work`, but an error is raised: of all who wait for this, each words its own."""
        try:
            with self._work_alone:
                answer = await self._handler(**arguments)
        except AppError as error:
            self._count(status_of(error), error)
            raise
        self._count(answer.status, None)
        return answer

    async def _wrote(self, call: Call) -> None:
        """Have the caller and whom it concerns read what it may have written, at every gateway."""
        hot = self._edge.hot
        if hot is None or call.principal is None:
            return
        own = hot.wrote(call.principal.user_id, profile=self.operation.changes_profile)
        if call.concerns is None:
            await own
        else:
            await asyncio.gather(own, hot.wrote(call.concerns))

    async def _identify(self, call: Call, fields: Fields) -> None:
        """Know the caller and count the request; a bad token counts against its address."""
        refusal: AppError | None = None
        try:
            call.principal = await self._edge.authentication.identify(
                self.operation.access, call.field("authorization")
            )
        except errors.Unauthenticated as error:
            refusal = error
        if call.principal is not None:
            structlog.contextvars.bind_contextvars(user_id=call.principal.user_id)
        try:
            limit = self.operation.limit if refusal is None else ""
            fields.extend(await self._edge.rate_limits.take(call, limit))
        except LimitReached as error:
            fields.extend(error.fields)
            raise
        if refusal is not None:
            raise refusal

    async def _body(self, call: Call, receive: Receive) -> bytes:
        if self._binding.body is None and call.field("content-length") in (None, "0"):
            return b""
        try:
            async with asyncio.timeout(deadlines.remaining(self._seconds) * _BODY_SHARE):
                return await read_body(
                    receive,
                    call.field("content-length"),
                    self._edge.max_body_bytes,
                    waits=_waits(call),
                )
        except TimeoutError:
            raise BodyTooSlow from None

    async def _work(self, call: Call, arguments: Mapping[str, Any]) -> Answer:
        try:
            with self._work_alone:
                answer = await self._handler(**arguments)
        except AppError as error:
            self._admission.hear(error)
            self._count(status_of(error), error)
            return answer_of(error, call.request_id)
        self._count(answer.status, None)
        return answer

    def _count(self, status: int, error: AppError | None) -> None:
        operation = self.operation
        if operation.service:
            labels = (operation.service, operation.path, str(status))
            metrics.PROXY_REQUESTS.labels(*labels).inc()
            if error is not None:
                metrics.PROXY_ERRORS.labels(*labels).inc()
        if isinstance(error, errors.PermissionDenied):
            metrics.AUTHORIZATION.labels("refused", error.code).inc()
        elif error is None and operation.access is not Access.OPEN:
            metrics.AUTHORIZATION.labels("ok", operation.access.value).inc()


def _waits(call: Call) -> bool:
    """Whether the client sends its body only when it is told to go on."""
    return call.field("expect") is not None
