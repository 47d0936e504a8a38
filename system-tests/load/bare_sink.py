"""The floor for uploads: it takes bytes, forgets them, and answers as the gateway does.

`python -m load.bare_sink PORT`, on the gateway's event loop.
"""

import asyncio
import sys
from typing import Final, cast

import uvloop

_BODY: Final = b'{"data":{"id":1}}'
_ANSWER: Final = b"HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (
    len(_BODY),
    _BODY,
)


class Sink(asyncio.Protocol):
    """One upload; its end is known by Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the head."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        self._head = b""
        self._left: int | None = None

    def data_received(self, data: bytes) -> None:
        """Count what comes."""
        if self._left is None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._left = int(head.lower().partition(b"content-length:")[2].split()[0])
        self._left -= len(data)
        if self._left <= 0:
            self._transport.write(_ANSWER)
            self._transport.close()


async def serve(port: int) -> None:
    """Take uploads until the process is told to go."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
