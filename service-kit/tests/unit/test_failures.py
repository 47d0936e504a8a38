"""What a connection does that closes under the hands of whoever writes to it."""

import asyncio

import pytest
import uvloop
from service_kit.events.failures import AWAY


async def write_after_the_end() -> None:
    """As aiokafka does it when a broker dies: the transport is closed, the writer not told yet."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_connection(
        asyncio.Protocol, "127.0.0.1", port
    )
    transport.abort()
    try:
        for _ in range(10):
            transport.write(b"x")
            await asyncio.sleep(0)
    finally:
        server.close()


def test_what_uvloop_raises_counts_as_a_broker_that_is_away() -> None:
    with uvloop_runner() as runner, pytest.raises(RuntimeError) as raised:
        runner.run(write_after_the_end())
    assert isinstance(raised.value, AWAY)


def uvloop_runner() -> asyncio.Runner:
    """The loop that services run on."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
