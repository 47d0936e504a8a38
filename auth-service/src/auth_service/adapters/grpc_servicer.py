"""auth.v1.AuthService over the use cases: unpack, call, map."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from pinstack_proto.auth.v1 import auth_pb2, auth_pb2_grpc
from prometheus_client import Counter
from service_kit import metrics
from service_kit.errors import AppError, kind_of
from service_kit.grpc_server import Context
from service_kit.timestamps import optional_timestamp_to_pb, timestamp_to_pb

from auth_service.application.registration import Registering
from auth_service.application.revocation_feed import CaughtUp, FeedItem, Pulse, RevocationFeed
from auth_service.application.signing_keys import KeySet
from auth_service.application.use_cases import Logins, SignedIn
from auth_service.domain.errors import SessionNotFound
from auth_service.domain.models import (
    Client,
    NewAccount,
    Profile,
    Revocation,
    Session,
    SigningKey,
    TokenPair,
)


class AuthServicer(auth_pb2_grpc.AuthServiceServicer):
    """Accounts, logins, sessions and keys, for whoever calls by gRPC."""

    def __init__(
        self,
        registering: Registering,
        logins: Logins,
        signed_in: SignedIn,
        keys: KeySet,
        feed: RevocationFeed,
    ) -> None:
        self._registering = registering
        self._logins = logins
        self._signed_in = signed_in
        self._keys = keys
        self._feed = feed

    async def Register(
        self, request: auth_pb2.RegisterRequest, context: Context
    ) -> auth_pb2.TokenPair:
        client = Client(request.device, request.client_address)
        with _counted(metrics.REGISTRATIONS):
            return pair_to_pb(await self._registering.register(account_from_pb(request), client))

    async def CreateAccount(
        self, request: auth_pb2.CreateAccountRequest, context: Context
    ) -> auth_pb2.CreateAccountResponse:
        with _counted(metrics.REGISTRATIONS):
            made = await self._registering.create(account_from_pb(request))
        return auth_pb2.CreateAccountResponse(
            user_id=made.id, registered_at=optional_timestamp_to_pb(made.made_at)
        )

    async def Login(self, request: auth_pb2.LoginRequest, context: Context) -> auth_pb2.TokenPair:
        client = Client(request.device, request.client_address)
        with _counted(metrics.LOGINS):
            return pair_to_pb(await self._logins.login(request.login, request.password, client))

    async def Refresh(
        self, request: auth_pb2.RefreshRequest, context: Context
    ) -> auth_pb2.TokenPair:
        return pair_to_pb(await self._signed_in.refresh(request.refresh_token))

    async def Logout(self, request: auth_pb2.LogoutRequest, context: Context) -> Empty:
        await self._signed_in.logout(request.refresh_token)
        return Empty()

    async def UpdatePassword(
        self, request: auth_pb2.UpdatePasswordRequest, context: Context
    ) -> Empty:
        keep = session_id_from_text(request.keep_session_id)
        await self._logins.update_password(
            request.id, request.old_password, request.new_password, keep
        )
        return Empty()

    async def GetKeySet(
        self, request: auth_pb2.GetKeySetRequest, context: Context
    ) -> auth_pb2.GetKeySetResponse:
        return auth_pb2.GetKeySetResponse(keys=map(key_to_pb, await self._keys.published()))

    async def ListSessions(
        self, request: auth_pb2.ListSessionsRequest, context: Context
    ) -> auth_pb2.ListSessionsResponse:
        sessions = await self._signed_in.list(request.user_id)
        return auth_pb2.ListSessionsResponse(sessions=map(session_to_pb, sessions))

    async def RevokeSession(
        self, request: auth_pb2.RevokeSessionRequest, context: Context
    ) -> Empty:
        if (session_id := session_id_from_text(request.session_id)) is None:
            raise SessionNotFound
        await self._signed_in.revoke(request.user_id, session_id)
        return Empty()

    async def WatchRevocations(
        self, request: auth_pb2.WatchRevocationsRequest, context: Context
    ) -> AsyncIterator[auth_pb2.WatchRevocationsResponse]:
        async for item in self._feed.watch(request.after_id):
            yield feed_item_to_pb(item)


@contextmanager
def _counted(counter: Counter) -> Iterator[None]:
    """Count how the block ends: `succeeded`, or the kind of its error (`unauthenticated` …)."""
    try:
        yield
    except AppError as error:
        counter.labels(kind_of(error).code.lower()).inc()
        raise
    counter.labels("succeeded").inc()


def account_from_pb(
    request: auth_pb2.RegisterRequest | auth_pb2.CreateAccountRequest,
) -> NewAccount:
    """What somebody signs up with; an empty optional text is none."""
    profile = Profile(
        username=request.username,
        email=request.email,
        full_name=request.full_name or None,
        bio=request.bio or None,
        avatar_url=request.avatar_url or None,
    )
    return NewAccount(profile, request.password, request.idempotency_key or None)


def session_id_from_text(text: str) -> UUID | None:
    """The id of a session; None for a text that can be none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def pair_to_pb(pair: TokenPair) -> auth_pb2.TokenPair:
    """A pair of tokens as the contract has it."""
    return auth_pb2.TokenPair(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=pair.expires_in,
        user_id=pair.user_id,
        registered_at=optional_timestamp_to_pb(pair.registered_at),
    )


def session_to_pb(session: Session) -> auth_pb2.Session:
    """A session as its user sees it."""
    return auth_pb2.Session(
        id=str(session.id),
        device=session.device,
        client_address=session.client_address,
        created_at=timestamp_to_pb(session.created_at),
        last_used_at=timestamp_to_pb(session.last_used_at),
    )


def key_to_pb(key: SigningKey) -> auth_pb2.VerificationKey:
    """The public half of a key."""
    return auth_pb2.VerificationKey(
        kid=key.kid,
        alg=key.alg,
        public_key_jwk=key.public_jwk,
        not_after=None if key.not_after is None else timestamp_to_pb(key.not_after),
    )


def feed_item_to_pb(item: FeedItem) -> auth_pb2.WatchRevocationsResponse:
    """One message of the stream of revocations."""
    match item:
        case Revocation():
            return auth_pb2.WatchRevocationsResponse(revocation=revocation_to_pb(item))
        case CaughtUp(last_id):
            caught_up = auth_pb2.WatchRevocationsResponse.CaughtUp(last_id=last_id)
            return auth_pb2.WatchRevocationsResponse(caught_up=caught_up)
        case Pulse.HEARTBEAT:
            heartbeat = auth_pb2.WatchRevocationsResponse.Heartbeat()
            return auth_pb2.WatchRevocationsResponse(heartbeat=heartbeat)


def revocation_to_pb(revocation: Revocation) -> auth_pb2.Revocation:
    """A revocation. All tokens of a session that it ends were issued before it."""
    revoked_at = timestamp_to_pb(revocation.revoked_at)
    return auth_pb2.Revocation(
        id=revocation.id,
        user_id=revocation.user_id,
        session_id=None if revocation.session_id is None else str(revocation.session_id),
        revoked_at=revoked_at,
        issued_before=revoked_at,
    )
