"""The clients of auth-service, against one in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pinstack_proto.auth.v1 import auth_pb2
from service_kit import deadlines, grpc_server
from service_kit.config import GrpcSettings
from service_kit.errors import ResourceExhausted, Unauthenticated, Unavailable
from service_kit.grpc_client import open_channel
from service_kit.timestamps import timestamp_to_pb

from api_gateway.adapters.grpc.auth import GrpcAccounts, GrpcKeys, GrpcRevocationLog
from api_gateway.application.ports import CaughtUp, Heartbeat, LoggedRevocation, VerificationKey
from api_gateway.domain.principal import Principal, Revoked
from api_gateway.domain.session import Client, Session, TokenPair
from api_gateway.domain.user import MadeAccount, NewAccount
from tests.fakes.upstream import Upstream, upstream

SERVICE = auth_pb2.DESCRIPTOR.services_by_name["AuthService"]
AT = datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)
PAIR = auth_pb2.TokenPair(access_token="a", refresh_token="r", expires_in=900, user_id=7)
TOKENS = TokenPair("a", "r", 900, 7)
CALLER = Principal(7, "s1", "t1", frozenset(), 2e9, 1e9)


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with upstream(SERVICE) as there:
        yield there


async def test_registering_hands_on_what_is_given_and_where_from(service: Upstream) -> None:
    pair = auth_pb2.TokenPair(registered_at=timestamp_to_pb(AT))
    pair.MergeFrom(PAIR)
    service.answers["Register"] = pair
    account = NewAccount("ada", "a@b.c", "password", full_name="")
    tokens = await GrpcAccounts(service.channel).register(account, Client("Phone", "203.0.113.9"))
    assert tokens == replace(TOKENS, registered_at=AT)
    assert service.asked("Register") == auth_pb2.RegisterRequest(
        username="ada",
        email="a@b.c",
        password="password",
        full_name="",
        device="Phone",
        client_address="203.0.113.9",
    )


async def test_an_account_is_made_under_its_key(service: Upstream) -> None:
    made = auth_pb2.CreateAccountResponse(user_id=9, registered_at=timestamp_to_pb(AT))
    service.answers["CreateAccount"] = made
    account = NewAccount("ada", "a@b.c", "password", avatar_url="https://example.org/a")
    assert await GrpcAccounts(service.channel).create(account, "1:k") == MadeAccount(9, AT)
    assert service.asked("CreateAccount") == auth_pb2.CreateAccountRequest(
        username="ada",
        email="a@b.c",
        password="password",
        avatar_url="https://example.org/a",
        idempotency_key="1:k",
    )


async def test_what_hashes_a_password_has_all_the_time_that_the_request_has(
    service: Upstream,
) -> None:
    made = auth_pb2.CreateAccountResponse(user_id=9)
    service.answers = {"Register": PAIR, "Login": PAIR, "Refresh": PAIR, "CreateAccount": made}
    service.answers["UpdatePassword"] = empty_pb2.Empty()
    accounts, client = GrpcAccounts(service.channel), Client("Phone", "203.0.113.9")
    account = NewAccount("ada", "a@b.c", "password")
    with deadlines.within(9):
        await accounts.register(account, client)
        await accounts.create(account, "")
        await accounts.login("ada", "password", client)
        await accounts.update_password(CALLER, "password", "another")
        await accounts.refresh("r1")
    rounding = 0.1  # gRPC writes a timeout with few digits, rounded up
    others = GrpcSettings().deadline_seconds + rounding
    assert service.seconds.pop("Refresh") <= others
    assert len(service.seconds) == 4
    assert all(others < seconds <= 9 + rounding for seconds in service.seconds.values())


async def test_tokens_are_given_renewed_and_ended(service: Upstream) -> None:
    service.answers = {"Login": PAIR, "Refresh": PAIR, "Logout": empty_pb2.Empty()}
    accounts = GrpcAccounts(service.channel)
    assert await accounts.login("ada", "password", Client("Phone", "203.0.113.9")) == TOKENS
    assert await accounts.refresh("r1") == TOKENS
    await accounts.logout("r2")
    assert service.asked("Login") == auth_pb2.LoginRequest(
        login="ada", password="password", device="Phone", client_address="203.0.113.9"
    )
    assert service.asked("Refresh") == auth_pb2.RefreshRequest(refresh_token="r1")
    assert service.asked("Logout") == auth_pb2.LogoutRequest(refresh_token="r2")


@pytest.mark.parametrize(
    "refusal",
    [
        Unauthenticated("invalid credentials", code="INVALID_CREDENTIALS"),
        ResourceExhausted("too many failed attempts", code="TOO_MANY_ATTEMPTS", retry_after=7.5),
    ],
)
async def test_a_refused_login_keeps_its_reason(
    service: Upstream, refusal: Unauthenticated | ResourceExhausted
) -> None:
    service.answers["Login"] = refusal
    with pytest.raises(type(refusal)) as raised:
        await GrpcAccounts(service.channel).login("ada", "x", Client("", ""))
    assert (raised.value.code, raised.value.message) == (refusal.code, refusal.message)
    assert raised.value.retry_after == refusal.retry_after


async def test_a_changed_password_spares_the_session_that_changed_it(service: Upstream) -> None:
    service.answers["UpdatePassword"] = empty_pb2.Empty()
    await GrpcAccounts(service.channel).update_password(CALLER, "old", "new")
    assert service.asked("UpdatePassword") == auth_pb2.UpdatePasswordRequest(
        id=7, old_password="old", new_password="new", keep_session_id="s1"
    )


async def test_sessions_are_listed_and_ended(service: Upstream) -> None:
    at = timestamp_to_pb(AT)
    service.answers = {
        "ListSessions": auth_pb2.ListSessionsResponse(
            sessions=[
                auth_pb2.Session(
                    id="s1", device="Phone", client_address="x", created_at=at, last_used_at=at
                )
            ]
        ),
        "RevokeSession": empty_pb2.Empty(),
    }
    accounts = GrpcAccounts(service.channel)
    assert await accounts.sessions(7) == [Session("s1", "Phone", AT, AT)]
    await accounts.revoke_session(7, "s1")
    assert service.asked("RevokeSession") == auth_pb2.RevokeSessionRequest(
        user_id=7, session_id="s1"
    )


async def test_the_key_set_comes_with_its_retirement(service: Upstream) -> None:
    jwk = '{"kty":"OKP","crv":"Ed25519","x":"AA"}'
    service.answers["GetKeySet"] = auth_pb2.GetKeySetResponse(
        keys=[
            auth_pb2.VerificationKey(kid="1", alg="EdDSA", public_key_jwk=jwk),
            auth_pb2.VerificationKey(
                kid="2", alg="EdDSA", public_key_jwk=jwk, not_after=timestamp_to_pb(AT)
            ),
        ]
    )
    key = {"kty": "OKP", "crv": "Ed25519", "x": "AA"}
    assert await GrpcKeys(service.channel).current() == [
        VerificationKey("1", "EdDSA", key),
        VerificationKey("2", "EdDSA", key, AT.timestamp()),
    ]


class Revoking:
    """Sends one revocation of each sort, then breaks."""

    asked_after: int | None = None

    async def watch(
        self, request: auth_pb2.WatchRevocationsRequest, _context: object
    ) -> AsyncIterator[auth_pb2.WatchRevocationsResponse]:
        self.asked_after = request.after_id
        answer = auth_pb2.WatchRevocationsResponse
        before = timestamp_to_pb(AT)
        yield answer(
            revocation=auth_pb2.Revocation(id=3, user_id=7, session_id="s1", issued_before=before)
        )
        yield answer(
            revocation=auth_pb2.Revocation(
                id=4, user_id=7, except_session_id="s2", issued_before=before
            )
        )
        yield answer(caught_up=answer.CaughtUp(last_id=4))
        yield answer(heartbeat=answer.Heartbeat())
        raise Unavailable


@asynccontextmanager
async def revoking() -> AsyncIterator[tuple[Revoking, grpc.aio.Channel]]:
    servicer, settings = Revoking(), GrpcSettings()

    def register(server: grpc.aio.Server) -> None:
        handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_stream_rpc_method_handler(
            servicer.watch,
            request_deserializer=auth_pb2.WatchRevocationsRequest.FromString,
            response_serializer=lambda answer: answer.SerializeToString(),
        )
        handlers = {"WatchRevocations": handler}
        generic = grpc.method_handlers_generic_handler(SERVICE.full_name, handlers)
        server.add_generic_rpc_handlers((generic,))

    async with (
        grpc_server.serve(("127.0.0.1", 0), register, [SERVICE.full_name], settings, 0.1) as server,
        open_channel(f"127.0.0.1:{server.port}", SERVICE, settings) as channel,
    ):
        yield servicer, channel


async def test_the_log_of_revocations_is_followed_to_its_break() -> None:
    async with revoking() as (servicer, channel):
        log = GrpcRevocationLog(channel).follow(2)
        found = [await anext(log) for _ in range(4)]
        with pytest.raises(Unavailable):
            await anext(log)
    assert servicer.asked_after == 2
    assert found[:3] == [
        LoggedRevocation(3, Revoked(7, "s1", None, AT.timestamp())),
        LoggedRevocation(4, Revoked(7, None, "s2", AT.timestamp())),
        CaughtUp(4),
    ]
    assert isinstance(found[3], Heartbeat)
