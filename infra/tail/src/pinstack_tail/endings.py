"""What every close code, and every refusal to open a socket, means to a client."""

import re
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidStatus

from pinstack_tail.errors import Ending, Then

RESTARTING: Final = 1012
_DELAY: Final = re.compile(r"retry_after_ms=(\d{1,7})\b")

_BY_CODE: Final = {
    1008: Ending(Then.STOP, "the server finds our frames bad"),
    1009: Ending(Then.STOP, "the server finds our frames too large"),
    1013: Ending(Then.WAIT, "the server asks us to try later", retry_after=5.0),
    4401: Ending(Then.RENEW, "the token is not valid any more"),
    4408: Ending(Then.RESUME, "we were too slow"),
    4429: Ending(Then.WAIT, "too many connections are open", retry_after=30.0),
}
_BY_STATUS: Final = {
    400: Ending(Then.STOP, "the server does not understand us (400)"),
    401: Ending(Then.RENEW, "the token is not valid (401)"),
    403: Ending(Then.STOP, "the server refuses us (403)"),
    404: Ending(Then.STOP, "no live channel is here (404)"),
}


def ending_of_close(closed: ConnectionClosed) -> Ending:
    """The meaning of a close frame, or of a connection that broke without one."""
    if closed.rcvd is None:
        return Ending(Then.WAIT, "the connection broke")
    code, reason = closed.rcvd.code, closed.rcvd.reason
    if code == RESTARTING:
        # The delay is spread over all clients by the server already.
        delay = _DELAY.search(reason)
        return Ending(Then.WAIT, "the server restarts", int(delay[1]) / 1000 if delay else None)
    return _BY_CODE.get(code) or Ending(Then.WAIT, f"closed with {code} {reason}".rstrip())


def ending_of_refusal(refusal: InvalidStatus) -> Ending:
    """The meaning of an HTTP answer where a socket was wanted."""
    status = refusal.response.status_code
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    seconds = seconds_of(refusal.response.headers.get("Retry-After", ""))
    return Ending(Then.WAIT, f"no socket for now ({status})", seconds)


def seconds_of(retry_after: str) -> float | None:
    """The seconds of a Retry-After field; its other form, a date, is not used here."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
