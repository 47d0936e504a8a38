"""Sessions, tokens, keys and revocations at the running service and its replicas."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from service_kit import errors
from service_kit.config import GrpcSettings
from service_kit.grpc_client import open_channel
from service_kit.testing import eventually

from auth_service.config import Settings
from auth_service.main import running
from auth_service.rotate_keys import rotated
from tests.integration import calls
from tests.integration.conftest import SERVICE

Event = auth_pb2.WatchRevocationsResponse


async def _is_dead(stub: AuthServiceStub, refresh_token: str) -> bool:
    try:
        await calls.refresh(stub, refresh_token)
    except errors.Unauthenticated:
        return True
    return False


async def _next(stream: AsyncIterator[Event], user_id: int) -> auth_pb2.Revocation:
    """The next revocation of a user, within a second."""
    async with asyncio.timeout(1):
        while True:
            event = await anext(stream)
            if event.revocation.user_id == user_id:
                return event.revocation


async def test_fifty_refreshes_of_one_token_give_one_successor_of_one_family(
    stub: AuthServiceStub,
) -> None:
    pair = await calls.register(stub, "ann")
    answers = await asyncio.gather(*(calls.refresh(stub, pair.refresh_token) for _ in range(50)))
    assert len({answer.refresh_token for answer in answers}) == 1
    [session] = await calls.sessions(stub, pair.user_id)
    said = [await calls.claims(stub, answer.access_token) for answer in answers]
    assert {claims["sid"] for claims in said} == {session.id}
    assert len({claims["jti"] for claims in said}) == 50
    following = await calls.refresh(stub, answers[0].refresh_token)
    assert following.refresh_token != answers[0].refresh_token


async def test_a_replay_ends_the_family_on_every_replica_within_a_second(
    stub: AuthServiceStub, without_grace: AuthServiceStub
) -> None:
    pair = await calls.register(stub, "bob")
    other = await calls.login(stub, "bob")
    following = await calls.refresh(stub, pair.refresh_token)
    async with calls.watching(stub) as revocations:
        with pytest.raises(errors.Unauthenticated, match="invalid refresh token") as refused:
            await calls.refresh(without_grace, pair.refresh_token)
        revocation = await _next(revocations, pair.user_id)
    assert refused.value.code == "INVALID_REFRESH_TOKEN"
    claims = await calls.claims(stub, following.access_token)
    assert revocation.session_id == claims["sid"]
    issued_at = claims["iat"]
    assert isinstance(issued_at, int)
    assert issued_at < revocation.issued_before.ToMicroseconds() / 1e6
    assert await _is_dead(stub, following.refresh_token)
    assert not await _is_dead(stub, other.refresh_token)


async def test_logging_out_works_once(stub: AuthServiceStub) -> None:
    pair = await calls.register(stub, "carol")
    async with calls.watching(stub) as revocations:
        await calls.logout(stub, pair.refresh_token)
        assert (await _next(revocations, pair.user_id)).HasField("session_id")
    for call in (calls.logout, calls.refresh):
        with pytest.raises(errors.Unauthenticated, match="invalid refresh token") as refused:
            await call(stub, pair.refresh_token)
        assert refused.value.code == "INVALID_REFRESH_TOKEN"


@pytest.mark.parametrize("token", ["", "made up", "an.access.token", "x" * 10_000])
async def test_what_is_no_refresh_token_is_refused(stub: AuthServiceStub, token: str) -> None:
    with pytest.raises(errors.Unauthenticated, match="invalid refresh token"):
        await calls.refresh(stub, token)


async def test_a_session_is_revoked_by_its_user(stub: AuthServiceStub) -> None:
    pair = await calls.register(stub, "dave")
    [session] = await calls.sessions(stub, pair.user_id)
    other = await calls.register(stub, "erin")
    for user_id, session_id in (
        (other.user_id, session.id),
        (pair.user_id, str(uuid4())),
        (pair.user_id, "no id"),
    ):
        with pytest.raises(errors.NotFound, match="session not found") as refused:
            await _revoke(stub, user_id, session_id)
        assert refused.value.code == "SESSION_NOT_FOUND"
    await _revoke(stub, pair.user_id, session.id)
    assert await calls.sessions(stub, pair.user_id) == []
    assert await _is_dead(stub, pair.refresh_token)


async def _revoke(stub: AuthServiceStub, user_id: int, session_id: str) -> None:
    request = auth_pb2.RevokeSessionRequest(user_id=user_id, session_id=session_id)
    await stub.RevokeSession(request)


async def test_a_watcher_of_another_replica_hears_within_a_second_and_resumes(
    stub: AuthServiceStub, without_grace: AuthServiceStub
) -> None:
    pairs = [await calls.register(stub, name) for name in ("frank", "grace")]
    async with calls.watching(without_grace) as revocations:
        await calls.logout(stub, pairs[0].refresh_token)
        first = await _next(revocations, pairs[0].user_id)
    await calls.logout(stub, pairs[1].refresh_token)
    request = auth_pb2.WatchRevocationsRequest(after_id=first.id)
    seen: list[Event] = []
    async for event in without_grace.WatchRevocations(request):
        seen.append(event)
        if event.HasField("caught_up"):
            break
    assert [event.revocation.user_id for event in seen[:-1]] == [pairs[1].user_id]
    assert seen[-1].caught_up.last_id == seen[-2].revocation.id > first.id


async def test_a_password_change_revokes_what_it_does_not_keep_and_a_login_right_after_it_is_good(
    stub: AuthServiceStub,
) -> None:
    pair = await calls.register(stub, "heidi")
    ended = await calls.claims(stub, pair.access_token)
    async with calls.watching(stub) as revocations:
        await stub.UpdatePassword(
            auth_pb2.UpdatePasswordRequest(
                id=pair.user_id, old_password=calls.PASSWORD, new_password="another secret"
            )
        )
        revocation = await _next(revocations, pair.user_id)
    following = await calls.login(stub, "heidi", "another secret")
    begun = await calls.claims(stub, following.access_token)
    assert revocation.session_id == ended["sid"] != begun["sid"]


async def test_the_key_set_verifies_what_is_signed_and_holds_nothing_private(
    stub: AuthServiceStub, without_grace: AuthServiceStub
) -> None:
    pair = await calls.register(stub, "kim")
    assert await calls.claims(without_grace, pair.access_token)
    for key in (await calls.keys(stub)).values():
        assert key.alg == "ES256"
        assert '"d"' not in key.public_key_jwk


async def test_a_rotation_under_load_reaches_every_replica_and_no_token_is_ever_bad(
    stub: AuthServiceStub, without_grace: AuthServiceStub, settings: Settings
) -> None:
    pair = await calls.register(stub, "leo")
    old, seen = calls.kid(pair.access_token), [calls.kid(pair.access_token)]
    new = await rotated(settings, lead_seconds=0.5)
    assert set(await calls.keys(stub)) >= {old, new.kid}
    deadline = time.monotonic() + 10
    token = pair.refresh_token
    while seen[-1] != new.kid:
        assert time.monotonic() < deadline, "the new key was never used"
        following = await calls.refresh(stub, token)
        token = following.refresh_token
        assert await calls.claims(without_grace, following.access_token)
        seen.append(calls.kid(following.access_token))
    assert set(seen) == {old, new.kid}
    assert await calls.claims(stub, pair.access_token)
    await eventually(lambda: _signs_with(without_grace, new.kid))
    published = await calls.keys(stub)
    assert published[old].HasField("not_after")
    assert not published[new.kid].HasField("not_after")


async def _signs_with(stub: AuthServiceStub, kid: str) -> bool:
    return calls.kid((await calls.login(stub, "leo")).access_token) == kid


async def test_a_replica_that_stops_lets_its_watchers_go_at_once(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        async with running(settings) as service:
            channel = open_channel(f"127.0.0.1:{service.port}", SERVICE, GrpcSettings())
            stub = AuthServiceStub(await stack.enter_async_context(channel))
            stream = stub.WatchRevocations(auth_pb2.WatchRevocationsRequest(after_id=0))
            async for event in stream:
                if event.HasField("caught_up"):
                    break
            started = time.monotonic()
        assert [event async for event in stream] == []
        assert time.monotonic() - started < settings.process.drain_seconds / 2
