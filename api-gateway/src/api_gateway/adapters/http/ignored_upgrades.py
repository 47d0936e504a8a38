"""A request that asks for another protocol than WebSocket is one like any other (RFC 9110, 7.8).

So is one that asks for WebSocket in another way than RFC 6455, 4.1, says. Clients that could speak
HTTP/2 ask for `h2c` with whatever they send first, a body included. The parser takes none of a
request with Upgrade: what follows the head is the other protocol to it.
"""

import sys
from collections.abc import Iterator

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.server import ServerProtocol


class UpgradeIgnoringHttp(HttpToolsProtocol):
    """Reads such a request anew without the fields by which it asks."""

    _is_ignored = False
    _piece = _again = b""

    def data_received(self, data: bytes) -> None:
        """Parse, and again from each head on that asks for another protocol."""
        self._again = data
        while self._again:
            self._piece, self._again = self._again, b""
            super().data_received(self._piece)

    def asks_in_vain(self) -> bool:
        """Whether the head that was just read asks for a protocol that is not spoken here.

        CONNECT asks for none by a field, and means an upgrade to the parser all the same.
        """
        return (
            self.parser.should_upgrade()
            and not self._should_upgrade()
            and any(name == b"upgrade" for name, _ in self.headers)
        )

    def _should_upgrade(self) -> bool:
        return super()._should_upgrade() and self._is_handshake()

    def _is_handshake(self) -> bool:
        """Whether who speaks WebSocket here would take it: refusals of its own are plain text."""
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
        target, method = self.url.decode("latin-1"), self.parser.get_method().decode("ascii")
        version = f"HTTP/{self.parser.get_http_version()}"
        judge = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
        try:
            judge.process_request(Request(target, Headers(fields), method, version))
        except InvalidHandshake:
            return False
        return True

    def on_headers_complete(self) -> None:
        """Hand the request over, unless it is to be read again."""
        self._is_ignored = self.asks_in_vain()
        if not self._is_ignored:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take the end of the body; that of a head that is read again is none."""
        if not self._is_ignored:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Called by uvicorn where the parser stopped after a head; the rest is read with it."""
        if not self._is_ignored:
            return
        stopped = sys.exc_info()[1]
        assert isinstance(stopped, httptools.HttpParserUpgrade)  # noqa: S101 - who calls this
        rest = self._piece[stopped.args[0] :]
        version = self.parser.get_http_version().encode()
        line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
        head = b"\r\n".join([line, *self._remaining_fields(), b"", b""])
        self.parser = httptools.HttpRequestParser(self)
        self._again = head + rest

    def _remaining_fields(self) -> Iterator[bytes]:
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                kept = [option for option in options if option.lower() != b"upgrade"]
                yield b"connection: " + b", ".join(kept)
            elif name != b"upgrade":
                yield name + b": " + value
