"""The idempotency key that goes on to a service, for a crash between its answer and ours."""

from hashlib import sha256

from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.idempotency import FIELD


def upstream_key(call: Call, content: object) -> str:
    """The caller's Idempotency-Key together with what it asks for; empty without one.

    A service keeps its keys for longer than the edge does: used again for something else after a
    day, a key must not bring back what it made the first time. `content` is a frozen dataclass.
    """
    given = call.field(FIELD)
    if given is None:
        return ""
    return sha256(f"{given}\0{content!r}".encode()).hexdigest()
