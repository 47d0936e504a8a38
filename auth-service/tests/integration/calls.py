"""Calls that many tests make."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import jwt
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from service_kit.config import TokenSettings

PASSWORD = "secure123"


def registration(name: str, password: str = PASSWORD, key: str = "") -> auth_pb2.RegisterRequest:
    """A request to register somebody."""
    return auth_pb2.RegisterRequest(
        username=name,
        email=f"{name}@example.com",
        password=password,
        idempotency_key=key,
        device="a browser",
        client_address="192.0.2.1",
    )


async def register(stub: AuthServiceStub, name: str) -> auth_pb2.TokenPair:
    """Somebody who is signed in."""
    return await stub.Register(registration(name))


async def login(
    stub: AuthServiceStub, name: str, password: str = PASSWORD, address: str = "192.0.2.1"
) -> auth_pb2.TokenPair:
    """A login."""
    request = auth_pb2.LoginRequest(
        login=name, password=password, device="a phone", client_address=address
    )
    return await stub.Login(request)


async def refresh(stub: AuthServiceStub, refresh_token: str) -> auth_pb2.TokenPair:
    """The next pair."""
    return await stub.Refresh(auth_pb2.RefreshRequest(refresh_token=refresh_token))


async def logout(stub: AuthServiceStub, refresh_token: str) -> None:
    """The end of a session."""
    await stub.Logout(auth_pb2.LogoutRequest(refresh_token=refresh_token))


async def sessions(stub: AuthServiceStub, user_id: int) -> list[auth_pb2.Session]:
    """The living sessions of a user."""
    answer = await stub.ListSessions(auth_pb2.ListSessionsRequest(user_id=user_id))
    return list(answer.sessions)


async def keys(stub: AuthServiceStub) -> dict[str, auth_pb2.VerificationKey]:
    """The published keys by id."""
    answer = await stub.GetKeySet(auth_pb2.GetKeySetRequest())
    return {key.kid: key for key in answer.keys}


def kid(token: str) -> str:
    """The key that signed a token."""
    return str(jwt.get_unverified_header(token)["kid"])


async def claims(stub: AuthServiceStub, token: str) -> dict[str, object]:
    """What a token says, verified as the gateway does it."""
    settings = TokenSettings()
    key = (await keys(stub))[kid(token)]
    decoded: dict[str, object] = jwt.decode(
        token,
        jwt.PyJWK(json.loads(key.public_key_jwk)),
        algorithms=[key.alg],
        issuer=settings.issuer,
        audience=settings.audience,
    )
    return decoded


@asynccontextmanager
async def watching(
    stub: AuthServiceStub, after_id: int = 0
) -> AsyncIterator[AsyncIterator[auth_pb2.WatchRevocationsResponse]]:
    """The stream of revocations, read up to `caught_up`."""
    stream = stub.WatchRevocations(auth_pb2.WatchRevocationsRequest(after_id=after_id))
    async for event in stream:
        if event.HasField("caught_up"):
            break
    try:
        yield aiter(stream)
    finally:
        await stream.aclose()  # type: ignore[attr-defined] # the chassis gives a generator
