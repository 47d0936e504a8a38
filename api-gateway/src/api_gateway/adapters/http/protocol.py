"""HTTP/1.1 as uvicorn speaks it, but for what is no HTTP: that too is refused in the envelope."""

import asyncio
import secrets
from http import HTTPStatus
from typing import Any, Final

from service_kit import tracing
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api_gateway.adapters.http.answer import refused
from api_gateway.adapters.http.corked import Corked
from api_gateway.adapters.http.crowd import FEWEST
from api_gateway.adapters.http.door import Door, Visit
from api_gateway.adapters.http.errors import InvalidInput
from api_gateway.adapters.http.exchange import common_fields
from api_gateway.adapters.http.ignored_upgrades import UpgradeIgnoringHttp
from api_gateway.adapters.http.operations import Refusal

MOST_TARGET_BYTES: Final = 16 * 1024
MOST_HEAD_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 100
"""Of a request: ten times what browsers and proxies send."""
HEAD_SECONDS: Final = 20.0
"""From a connection, or the first piece of the head of a request, to the end of the head."""
LINGER_SECONDS: Final = 1.0
"""After a refusal, for what the client sends all the same: a reset would take the answer away."""
FEW_CONNECTIONS: Final = 64
"""With no more of them nobody is refused: each has one request at work and waits for it."""
MOST_DRAINED_BYTES: Final = 64 * 1024
"""Of the body of a refused request: taking it is cheaper than a new connection."""

_INVALID: Final = Refusal(400, InvalidInput.code, InvalidInput.message)
_LATE: Final = Refusal(408, "REQUEST_TIMEOUT", "request timeout")
_LONG_TARGET: Final = Refusal(414, "URI_TOO_LONG", "request target too long")
_LARGE_HEAD: Final = Refusal(431, "HEADER_FIELDS_TOO_LARGE", "request header fields too large")


class RefusedHead(Exception):
    """The rest of a head need not be read."""


class EnvelopedHttp(UpgradeIgnoringHttp):
    """Answers a request that cannot be parsed, before there is one for the application.

    So too one whose head is too large (RFC 6585, section 5) or does not come to its end.
    """

    def __init__(self, *given: Any, door: Door | None = None, **named: Any) -> None:
        """As uvicorn makes it; a `door` says who is let in, all are without one."""
        super().__init__(*given, **named)
        self._door = door
        self._is_shed = self._is_drained = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Write through a cork; flow control stays with the transport itself."""
        super().connection_made(transport)
        self._cork = Corked(transport)
        self._uncorked = transport
        self.transport = self._cork  # type: ignore[assignment]
        self._refusal = _INVALID
        self._is_refused = False
        self._is_socket = False
        self._reads_head = False
        self._head_bytes = self._field_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._await_head()
        if self._door is not None:
            self._door.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._head_came()
        self._leave_door()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and count what belongs to a head that is not whole yet."""
        if self._is_refused:
            return
        continues_head = self._reads_head
        super().data_received(data)
        if self._is_over():
            return
        if continues_head and self._reads_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(_LARGE_HEAD)
                return
        if self._is_shed and self._is_drained:
            self._keep_alive()
        elif self._reads_head or self._unanswered() is None:
            self._await_head()

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._is_shed = self._is_drained = False
        self._reads_head = True
        self._head_bytes = self._field_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        super().on_url(url)
        if len(self.url) > MOST_TARGET_BYTES:
            self._give_up(_LONG_TARGET)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field."""
        super().on_header(name, value)
        self._field_bytes += len(name) + len(value)
        if len(self.headers) > MOST_FIELDS or self._field_bytes > MOST_HEAD_BYTES:
            self._give_up(_LARGE_HEAD)

    def on_headers_complete(self) -> None:
        """Hand the request over.

        The handshake of a WebSocket has no content; who speaks WebSocket would wait for it.
        """
        self._reads_head = False
        self._head_came()
        if self.parser.should_upgrade() and self._should_upgrade() and self._has_content():
            self._give_up(_INVALID)
        if not self._names_one_host():
            self._give_up(_INVALID)
        if (
            self.asks_in_vain()
            or self._door is None
            or len(self.tasks) < FEWEST
            or self._door.connections <= FEW_CONNECTIONS
        ):
            super().on_headers_complete()
            return
        visit = self._door.find(self.parser.get_method().decode("ascii"), self.url)
        if visit is not None and self._unanswered() is None and visit.crowd.refuses():
            self._shed(self._door, visit)
            return
        before = len(self.tasks)
        super().on_headers_complete()
        if visit is not None and visit.counts_early and len(self.tasks) > before:
            visit.crowd.expect()
            self.loop.call_soon(visit.crowd.begun)  # right after the first step of the new task

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body; that of a refused request is for nobody."""
        if not self._is_shed:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of the body."""
        if self._is_shed:
            self._is_drained = True
        else:
            super().on_message_complete()

    def _shed(self, door: Door, visit: Visit) -> None:
        """Refuse a request that is one too many; what follows on the connection may be let in.

        A large body is not waited for, nor one that the client sends only when told to.
        """
        self._is_shed = True
        persistent = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        closes = not persistent or self.expect_100_continue or self._has_much_content()
        fields = self.server_state.default_headers
        answer = door.refusal(visit, self.headers, fields, closes=closes)
        self._uncorked.write(answer)
        if closes:
            self._hang_up()

    def _has_much_content(self) -> bool:
        for name, value in self.headers:
            if name == b"transfer-encoding":
                return True
            if name == b"content-length":
                return int(value) > MOST_DRAINED_BYTES
        return False

    def _keep_alive(self) -> None:
        """Wait for the next request, as after any other answer."""
        if not self._is_over():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def handle_websocket_upgrade(self) -> None:
        """Sockets write whole frames: they get the transport without the cork."""
        self._is_socket = True
        self._leave_door()
        self._cork.flush()
        self.transport = self._uncorked
        super().handle_websocket_upgrade()

    def _leave_door(self) -> None:
        if self._door is not None:
            self._door.connections -= 1

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - says nothing of use
        """Refuse and hang up."""
        self._refuse(self._refusal)

    def _is_over(self) -> bool:
        """Whether no other head will come."""
        return self._is_refused or self._is_socket or self.transport.is_closing()

    def _has_content(self) -> bool:
        lengths = (b"transfer-encoding", b"content-length")
        return any(name in lengths and value != b"0" for name, value in self.headers)

    def _names_one_host(self) -> bool:
        """RFC 9112, section 3.2; HTTP/1.0 may name none."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        return hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")

    def _unanswered(self) -> RequestResponseCycle | None:
        """The request that is being answered; uvicorn has None in `cycle` before the first."""
        cycle: RequestResponseCycle | None = getattr(self, "cycle", None)
        return None if cycle is None or cycle.response_complete else cycle

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._refuse, _LATE)

    def _head_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self, refusal: Refusal) -> None:
        """End the parsing: what is raised in it comes out as `send_400_response`."""
        self._refusal = refusal
        raise RefusedHead

    def _refuse(self, refusal: Refusal) -> None:
        self._head_came()
        request_id = secrets.token_hex(16)
        status, code, message = refusal.status, refusal.code, refusal.message
        answer = refused(status, code, message, request_id=request_id)
        answer.add("traceparent", tracing.fresh_traceparent()).add("connection", "close")
        given = answer.head()
        fields = [*given, *common_fields(request_id, [], given)]
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [b"%b: %b" % field for field in fields]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + answer.body)
        self._hang_up()

    def _hang_up(self) -> None:
        """Say that this was all, to both sides; close when the client does, or soon."""
        self._is_refused = True
        if (cycle := self._unanswered()) is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self._cork.flush()
        if self._uncorked.is_closing():
            return
        self._uncorked.write_eof()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self._uncorked.close)
