"""The five services behind the gateway in one server: enough of them to run the gateway over."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.user.v1 import user_pb2
from service_kit import grpc_server
from service_kit.config import GrpcSettings
from service_kit.errors import Unauthenticated

from tests.fakes.signer import Signer

_USERS: Final = user_pb2.DESCRIPTOR.services_by_name["UserService"]
_AUTH: Final = auth_pb2.DESCRIPTOR.services_by_name["AuthService"]
PASSWORD: Final = "correct horse"


class Platform:
    """Ada is user 1; logging in as her gives a real token; who is looked up by name
    is answered when `hangs` is set. Everything else is UNIMPLEMENTED."""

    def __init__(self) -> None:
        self.signer = Signer("k1")
        self.port = 0
        self.hangs = asyncio.Event()
        self.hanging_now = 0
        self.logins: list[auth_pb2.LoginRequest] = []
        self._revoked: asyncio.Queue[auth_pb2.Revocation] = asyncio.Queue()

    def revoke(self, user_id: int) -> None:
        """Void all tokens of a user."""
        now = Timestamp()
        now.FromSeconds(4_000_000_000)
        self._revoked.put_nowait(auth_pb2.Revocation(id=1, user_id=user_id, issued_before=now))

    async def login(self, request: Any, _: object) -> Message:
        self.logins.append(request)
        if request.password != PASSWORD:
            raise Unauthenticated("invalid credentials", code="INVALID_CREDENTIALS")
        token = self.signer.sign(sub="1", iss="https://pinstack.local")
        return auth_pb2.TokenPair(access_token=token, refresh_token="r", expires_in=900, user_id=1)

    async def keys(self, _request: Any, _: object) -> Message:
        key = self.signer.key()
        found = auth_pb2.VerificationKey(
            kid=key.kid, alg=key.algorithm, public_key_jwk=json.dumps(key.jwk)
        )
        return auth_pb2.GetKeySetResponse(keys=[found])

    async def users(self, request: Any, _: object) -> Message:
        found = [user_pb2.User(id=1, username="ada", email="ada@example.org")]
        return user_pb2.BatchGetUsersResponse(users=[one for one in found if one.id in request.ids])

    async def hanging(self, _request: Any, _: object) -> Message:
        self.hanging_now += 1
        await self.hangs.wait()
        return user_pb2.User(id=1, username="somebody")

    async def revocations(
        self, _request: Any, _: object
    ) -> AsyncIterator[auth_pb2.WatchRevocationsResponse]:
        answer = auth_pb2.WatchRevocationsResponse
        yield answer(caught_up=answer.CaughtUp(last_id=0))
        while True:
            yield answer(revocation=await self._revoked.get())


@asynccontextmanager
async def platform_running(port: int = 0) -> AsyncIterator[Platform]:
    """The services while the block runs, on one port."""
    platform = Platform()
    users = {"BatchGetUsers": platform.users, "GetUserByUsername": platform.hanging}
    auth = {
        "Login": platform.login,
        "GetKeySet": platform.keys,
        "WatchRevocations": platform.revocations,
    }

    def register(server: grpc.aio.Server) -> None:
        server.add_generic_rpc_handlers((_served(_USERS, users), _served(_AUTH, auth)))

    async with grpc_server.serve(
        ("127.0.0.1", port), register, [_USERS.full_name], GrpcSettings(), 0.1
    ) as server:
        platform.port = server.port
        yield platform


def _served(
    service: ServiceDescriptor, methods: Mapping[str, Callable[..., Any]]
) -> grpc.GenericRpcHandler:
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
    for name, behaviour in methods.items():
        method = service.methods_by_name[name]
        kind = "unary_stream" if method.server_streaming else "unary_unary"
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        handlers[name] = make(
            behaviour,
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=lambda answer: answer.SerializeToString(),
        )
    return grpc.method_handlers_generic_handler(service.full_name, handlers)
