"""What goes back to a client: a status, the bytes of a body, header fields."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus

import orjson
from service_kit.errors import FieldViolation
from starlette.types import Send

Fields = list[tuple[bytes, bytes]]

JSON = b"application/json"
NO_STORE = "no-store"
REVALIDATE = "private, no-cache"
_TIME_LENGTH = len('2026-01-02T03:04:05Z"}')
_DATES = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


@dataclass(slots=True)
class Answer:
    """One response. `data` are the bytes inside the envelope: what an entity tag is made of.

    `about` is the user whose doing changes it; `alone` where nobody else's does.
    """

    status: int
    body: bytes = b""
    content_type: bytes = JSON
    fields: Fields = field(default_factory=list)
    data: bytes = b""
    cache_control: str = NO_STORE
    about: int | None = None
    alone: bool = False

    def add(self, name: str, value: str) -> "Answer":
        """The same answer with one more header field; `name` in lower case."""
        self.fields.append((name.encode("ascii"), value.encode("latin-1")))
        return self

    def untagged(self) -> "Answer":
        """The same without an entity tag, and kept by nobody: the state of a moment."""
        self.data = b""
        return self

    def head(self) -> Fields:
        """All header fields of the answer itself."""
        fields = [*self.fields, (b"cache-control", self.cache_control.encode())]
        if self.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            fields.append((b"content-type", self.content_type))
            fields.append((b"content-length", b"%d" % len(self.body)))
        return fields

    async def send(self, send: Send, *, with_body: bool = True) -> None:
        """Write the answer; a HEAD request gets everything but the body."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.head()})
        await send({"type": "http.response.body", "body": self.body if with_body else b""})


def stem_of(answer: Answer) -> bytes:
    """The body of a success but for its time, which ends it: what `again` completes."""
    return answer.body[:-_TIME_LENGTH]


def again(stem: bytes) -> bytes:
    """The body of a success, at this moment."""
    return b'%b%b"}' % (stem, _now().encode())


def ok(
    data: object = None, message: str = "ok", *, status: int = 200, next_link: str = ""
) -> Answer:
    """Success in the envelope. `data` is anything that orjson writes; None leaves it out."""
    inner = b"" if data is None else orjson.dumps(data, option=_DATES)
    answer = Answer(status, _success(status, inner, message), data=inner)
    return answer.add("link", f'<{next_link}>; rel="next"') if next_link else answer


def created(data: object, message: str = "created") -> Answer:
    """201 with what was made."""
    return ok(data, message, status=201)


def no_content() -> Answer:
    """204."""
    return Answer(204)


def refused(
    status: int,
    code: str,
    message: str,
    *,
    request_id: str,
    violations: Sequence[FieldViolation] = (),
    data: object = None,
) -> Answer:
    """An error in the envelope; `data` says more about it, where there is more."""
    content: dict[str, object] = {
        "status": status,
        "error": message,
        "message": message,
        "code": code,
        "timestamp": _now(),
        "request_id": request_id,
    }
    if violations:
        content["details"] = [{"field": item.field, "issue": item.issue} for item in violations]
    if data is not None:
        content["data"] = data
    return Answer(status, orjson.dumps(content))


def _success(status: int, data: bytes, message: str) -> bytes:
    inner = b'"data":%b,' % data if data else b""
    return b'{"status":%d,%b"message":%b,"timestamp":"%b"}' % (
        status,
        inner,
        orjson.dumps(message),
        _now().encode(),
    )


def _now() -> str:
    return _formatted(int(time.time()))


@lru_cache(maxsize=2)
def _formatted(second: int) -> str:
    """A moment to the second; many answers share one."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
