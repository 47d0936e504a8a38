"""Whether a service behind the gateway takes calls (grpc.health.v1)."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from service_kit.errors import Unavailable


def serving(channel: grpc.aio.Channel) -> Callable[[], Awaitable[None]]:
    """A check that raises Unavailable unless the other side of `channel` is serving."""
    stub: Any = HealthStub(channel)  # type: ignore[no-untyped-call, unused-ignore]

    async def check() -> None:
        answer: HealthCheckResponse = await stub.Check(HealthCheckRequest())
        if answer.status != HealthCheckResponse.SERVING:
            raise Unavailable

    return check
