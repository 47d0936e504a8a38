"""Entity tags: not sending what the client has, not changing what it has not seen (RFC 9110, 13).

A tag is of the data in the envelope, not of its timestamp.
"""

import hashlib
from typing import Final

from service_kit.errors import FailedPrecondition

from api_gateway.adapters.http.answer import NO_STORE, REVALIDATE, Answer, ok
from api_gateway.adapters.http.call import Call

_ANY: Final = "*"


class Stale(FailedPrecondition):
    """The resource is no longer what the client saw."""

    code = "PRECONDITION_FAILED"
    message = "precondition failed"


def entity_tag(data: bytes) -> str:
    """The strong entity tag of a representation."""
    return f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'


def tagged(call: Call, answer: Answer) -> Answer:
    """The answer to a GET with its entity tag, or 304 where the client has it already."""
    if answer.status != 200 or not answer.data or call.method != "GET":
        return answer
    return named(call, answer, entity_tag(answer.data))


def named(call: Call, answer: Answer, tag: str) -> Answer:
    """The same with a tag that is known."""
    if answer.cache_control == NO_STORE:
        answer.cache_control = REVALIDATE
    wanted = call.field("if-none-match")
    if wanted is not None and _names(wanted, tag, weakly=True):
        unchanged = Answer(304, fields=answer.fields, cache_control=answer.cache_control)
        return unchanged.add("etag", tag)
    return answer.add("etag", tag)


def require_match(call: Call, *current: object) -> bool:
    """Raise Stale unless If-Match names the tag of one of `current`, the data that GET answers now.

    Returns whether it names a state: `*` is content with any, and so is a request without it.
    """
    wanted = call.field("if-match")
    if wanted is None or wanted.strip() == _ANY:
        return False
    if not any(_names(wanted, entity_tag(ok(data).data), weakly=False) for data in current):
        raise Stale
    return True


def _names(wanted: str, tag: str, *, weakly: bool) -> bool:
    if wanted.strip() == _ANY:
        return True
    names = [name.strip() for name in wanted.split(",")]
    if weakly:
        names = [name.removeprefix("W/") for name in names]
    return tag in names
