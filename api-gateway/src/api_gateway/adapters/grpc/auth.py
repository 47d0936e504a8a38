"""Credentials, sessions, keys and revocations from auth-service."""

import json
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Final

import grpc
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from service_kit.timestamps import timestamp_from_pb

from api_gateway.application.ports import CaughtUp, Heartbeat, LoggedRevocation, VerificationKey
from api_gateway.domain.principal import Principal, Revoked
from api_gateway.domain.session import Client, Session, TokenPair
from api_gateway.domain.user import MadeAccount, NewAccount

_HASHING_SECONDS: Final = 60.0
"""A password waits for its turn to be hashed, for as long as the request has time."""


class GrpcAccounts:
    """Accounts in auth.v1.AuthService."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = AuthServiceStub(channel)

    async def register(self, account: NewAccount, client: Client) -> TokenPair:
        request = auth_pb2.RegisterRequest(
            username=account.username,
            email=account.email,
            password=account.password,
            full_name=account.full_name,
            bio=account.bio,
            avatar_url=account.avatar_url,
            device=client.device,
            client_address=client.address,
        )
        return _tokens_from_pb(await self._stub.Register(request, timeout=_HASHING_SECONDS))

    async def create(self, account: NewAccount, idempotency_key: str) -> MadeAccount:
        request = auth_pb2.CreateAccountRequest(
            username=account.username,
            email=account.email,
            password=account.password,
            full_name=account.full_name,
            bio=account.bio,
            avatar_url=account.avatar_url,
            idempotency_key=idempotency_key,
        )
        made = await self._stub.CreateAccount(request, timeout=_HASHING_SECONDS)
        return MadeAccount(made.user_id, _registered_at(made))

    async def login(self, login: str, password: str, client: Client) -> TokenPair:
        request = auth_pb2.LoginRequest(
            login=login, password=password, device=client.device, client_address=client.address
        )
        return _tokens_from_pb(await self._stub.Login(request, timeout=_HASHING_SECONDS))

    async def refresh(self, refresh_token: str) -> TokenPair:
        request = auth_pb2.RefreshRequest(refresh_token=refresh_token)
        return _tokens_from_pb(await self._stub.Refresh(request))

    async def logout(self, refresh_token: str) -> None:
        await self._stub.Logout(auth_pb2.LogoutRequest(refresh_token=refresh_token))

    async def update_password(self, caller: Principal, old: str, new: str) -> None:
        await self._stub.UpdatePassword(
            auth_pb2.UpdatePasswordRequest(
                id=caller.user_id,
                old_password=old,
                new_password=new,
                keep_session_id=caller.session_id,
            ),
            timeout=_HASHING_SECONDS,
        )

    async def sessions(self, user_id: int) -> Sequence[Session]:
        answer = await self._stub.ListSessions(auth_pb2.ListSessionsRequest(user_id=user_id))
        return [_session_from_pb(session) for session in answer.sessions]

    async def revoke_session(self, user_id: int, session_id: str) -> None:
        await self._stub.RevokeSession(
            auth_pb2.RevokeSessionRequest(user_id=user_id, session_id=session_id)
        )


class GrpcKeys:
    """The key set of auth.v1.AuthService."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = AuthServiceStub(channel)

    async def current(self) -> Sequence[VerificationKey]:
        answer = await self._stub.GetKeySet(auth_pb2.GetKeySetRequest())
        return [_key_from_pb(key) for key in answer.keys]


class GrpcRevocationLog:
    """The log of revocations of auth.v1.AuthService."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = AuthServiceStub(channel)

    async def follow(
        self, after_id: int
    ) -> AsyncGenerator[LoggedRevocation | CaughtUp | Heartbeat, None]:
        request = auth_pb2.WatchRevocationsRequest(after_id=after_id)
        async for answer in self._stub.WatchRevocations(request):
            match answer.WhichOneof("event"):
                case "revocation":
                    yield _revocation_from_pb(answer.revocation)
                case "caught_up":
                    yield CaughtUp(answer.caught_up.last_id)
                case _:
                    yield Heartbeat()


def _tokens_from_pb(pair: auth_pb2.TokenPair) -> TokenPair:
    return TokenPair(
        pair.access_token,
        pair.refresh_token,
        pair.expires_in,
        pair.user_id,
        _registered_at(pair),
    )


def _registered_at(made: auth_pb2.TokenPair | auth_pb2.CreateAccountResponse) -> datetime | None:
    return timestamp_from_pb(made.registered_at) if made.HasField("registered_at") else None


def _session_from_pb(session: auth_pb2.Session) -> Session:
    return Session(
        session.id,
        session.device,
        timestamp_from_pb(session.created_at),
        timestamp_from_pb(session.last_used_at),
    )


def _key_from_pb(key: auth_pb2.VerificationKey) -> VerificationKey:
    not_after = key.not_after.ToMicroseconds() / 1e6 if key.HasField("not_after") else None
    return VerificationKey(key.kid, key.alg, json.loads(key.public_key_jwk), not_after)


def _revocation_from_pb(revocation: auth_pb2.Revocation) -> LoggedRevocation:
    revoked = Revoked(
        revocation.user_id,
        revocation.session_id if revocation.HasField("session_id") else None,
        revocation.except_session_id if revocation.HasField("except_session_id") else None,
        revocation.issued_before.ToMicroseconds() / 1e6,
    )
    return LoggedRevocation(revocation.id, revoked)
