"""One address for several gateways, as a load balancer in front of them gives."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_BYTES = 65536


@asynccontextmanager
async def balanced(gateways: Sequence[str]) -> AsyncIterator[str]:
    """The address while the block runs; each connection goes to the first gateway that takes it."""
    addresses = [(str(parts.hostname), int(parts.port or 80)) for parts in map(urlsplit, gateways)]

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            serving.add(task)
            task.add_done_callback(serving.discard)
        try:
            await _joined(reader, writer, addresses)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    try:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.close()
        open_still = list(serving)
        for one in open_still:
            one.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close in the next turn of the loop


async def _joined(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    addresses: Sequence[tuple[str, int]],
) -> None:
    """Both directions until one of them ends."""
    for host, port in addresses:
        try:
            there, back = await asyncio.open_connection(host, port)
        except OSError:
            continue
        halves = [
            asyncio.create_task(_copy(reader, back)),
            asyncio.create_task(_copy(there, writer)),
        ]
        try:
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for half in halves:
                half.cancel()
            await asyncio.wait(halves)
            back.transport.abort()
        return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_BYTES):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # one side is gone, and so is the connection
