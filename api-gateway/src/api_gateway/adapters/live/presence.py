"""The time that a connection is open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api_gateway.adapters.live.measures import Measures
from api_gateway.application.live.connection import Connection
from api_gateway.application.live.hub import Hub


@asynccontextmanager
async def present(hub: Hub, connection: Connection, measures: Measures) -> AsyncIterator[None]:
    """Count a connection while the block runs, and let it go after that.

    An aborted one ends here: whoever called the carrier sees a normal end.
    """
    measures.open.inc()
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if not connection.aborted or task is None or task.uncancel() > 0:
            raise  # somebody else wants this task to end
    except OSError:
        pass  # the client went while it was being answered
    finally:
        measures.open.dec()
        await hub.detach(connection)
