"""Parts of an object (RFC 9110, 14): which bytes a request wants."""

import re
from typing import Final

from api_gateway.domain.media import Span

_ONE: Final = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")


def span_of(field: str | None, *, if_range: str | None, tag: str) -> Span | None:
    """The part that Range names; None for the whole: without one, for several parts, for what is
    no range, and where If-Range names another version.
    """
    match = _ONE.fullmatch(field.strip()) if field else None
    if match is None or (if_range is not None and if_range.strip() != tag):
        return None
    first, last, from_end = match.groups()
    if first is None:
        return Span(-int(from_end)) if int(from_end) else Span(2**62)
    if not last:
        return Span(int(first))
    length = int(last) - int(first) + 1
    return Span(int(first), length) if length > 0 else None
