"""Cross-origin requests (the Fetch standard): which origins may read answers, and what of them."""

from collections.abc import Sequence
from typing import Final

from api_gateway.adapters.http.answer import Answer, Fields

_ANY: Final = "*"
_REQUEST_FIELDS: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
    "If-Range, Range, Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset, X-Request-Id, "
    "traceparent, tracestate"
)
_EXPOSED: Final = (
    "Accept-Ranges, Content-Range, ETag, Idempotent-Replayed, Link, Location, RateLimit, "
    "RateLimit-Policy, Retry-After, Tus-Resumable, Upload-Expires, Upload-Length, Upload-Offset, "
    "X-Request-Id, traceparent"
)
_PREFLIGHT_SECONDS: Final = "600"


class Cors:
    """The origins that may call from a browser; none is the default."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._any = _ANY in origins
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    def allows(self, origin: str) -> bool:
        """Whether pages of that origin may read answers."""
        return self._any or origin in self._origins

    def fields(self, origin: str | None) -> Fields:
        """The fields of every answer; credentials never with a wildcard."""
        if not self._origins:
            return []
        found: Fields = [] if self._any else [(b"vary", b"Origin")]
        if origin is None or not self.allows(origin):
            return found
        found.append((b"access-control-expose-headers", _EXPOSED.encode()))
        if self._any:
            found.append((b"access-control-allow-origin", b"*"))
        else:
            found.append((b"access-control-allow-origin", origin.encode("latin-1")))
            found.append((b"access-control-allow-credentials", b"true"))
        return found

    def options(self, origin: str | None, wanted: str | None, allow: str) -> Answer:
        """The answer to OPTIONS; a preflight's, where the request is one of an allowed origin."""
        answer = Answer(204).add("allow", allow)
        if origin is not None and wanted is not None and self.allows(origin):
            answer.add("access-control-allow-methods", allow)
            answer.add("access-control-allow-headers", _REQUEST_FIELDS)
            answer.add("access-control-max-age", _PREFLIGHT_SECONDS)
        return answer
