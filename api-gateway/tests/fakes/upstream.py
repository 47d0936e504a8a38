"""A service behind the gateway that answers over real gRPC what a test tells it to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from service_kit import grpc_server
from service_kit.config import GrpcSettings
from service_kit.errors import AppError, Internal
from service_kit.grpc_client import open_channel

Behaviour = Callable[[Message, grpc_server.Context], Awaitable[Message]]


@dataclass
class Upstream:
    """What each RPC answers, or raises, and what was asked of it."""

    channel: grpc.aio.Channel
    answers: dict[str, Message | AppError] = field(default_factory=dict)
    requests: dict[str, list[Message]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """The time that each RPC was given, the last time it was called."""

    def asked(self, method: str) -> Message:
        """The only request that `method` got."""
        (request,) = self.requests[method]
        return request

    def answer(self, method: str, request: Message) -> Message:
        """Remember the request and give the answer for it."""
        self.requests.setdefault(method, []).append(request)
        answer = self.answers.get(method, Internal())
        if isinstance(answer, AppError):
            raise answer
        return answer


@asynccontextmanager
async def upstream(service: ServiceDescriptor) -> AsyncIterator[Upstream]:
    """A server for the unary RPCs of `service`, and a channel to it."""
    here: Upstream | None = None

    def behaviour(method: str) -> Behaviour:
        async def answer(request: Message, context: grpc_server.Context) -> Message:
            assert here is not None
            here.seconds[method] = context.time_remaining() or 0.0
            return here.answer(method, request)

        return answer

    def register(server: grpc.aio.Server) -> None:
        handlers = {one.name: _handler(one, behaviour(one.name)) for one in service.methods}
        generic = grpc.method_handlers_generic_handler(service.full_name, handlers)
        server.add_generic_rpc_handlers((generic,))

    settings = GrpcSettings()
    address = ("127.0.0.1", 0)
    async with (
        grpc_server.serve(address, register, [service.full_name], settings, 0.1) as server,
        open_channel(f"127.0.0.1:{server.port}", service, settings) as channel,
    ):
        here = Upstream(channel)
        yield here


def _handler(
    method: MethodDescriptor, behaviour: Behaviour
) -> "grpc.RpcMethodHandler[Message, Message]":
    request_class = GetMessageClass(method.input_type)
    return grpc.unary_unary_rpc_method_handler(
        behaviour,
        request_deserializer=request_class.FromString,
        response_serializer=lambda answer: answer.SerializeToString(),
    )
