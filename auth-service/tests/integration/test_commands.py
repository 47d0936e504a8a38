"""What an operator runs."""

import asyncio
import os
import sys
from collections.abc import Mapping

import pytest
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from service_kit import errors

from auth_service.config import Settings
from tests.integration import calls


async def _run(module: str, *arguments: str, env: Mapping[str, str]) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        env={"PATH": os.environ["PATH"], **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def env(settings: Settings) -> dict[str, str]:
    return {
        "AUTH_DATABASE_URL": settings.database_url.get_secret_value(),
        "AUTH_KEY_SECRET": settings.key_secret.get_secret_value(),
        "USER_GRPC_ADDRESS": settings.peers.user_grpc_address,
    }


async def test_a_role_is_granted_by_name_and_taken_away_by_id(
    stub: AuthServiceStub, env: dict[str, str]
) -> None:
    pair = await calls.register(stub, "ann")
    command = "auth_service.grant_role"
    code, out, err = await _run(command, "--login", "ann@example.com", "admin", env=env)
    assert (code, err) == (0, "")
    assert "admin, user" in out
    pair = await calls.refresh(stub, pair.refresh_token)
    assert (await calls.claims(stub, pair.access_token))["roles"] == ["admin", "user"]
    arguments = ("--user-id", str(pair.user_id), "--take-away", "admin")
    code, _, _ = await _run(command, *arguments, env=env)
    assert code == 0
    pair = await calls.refresh(stub, pair.refresh_token)
    assert (await calls.claims(stub, pair.access_token))["roles"] == ["user"]
    for unknown in (("--login", "nobody"), ("--user-id", "999")):
        code, _, err = await _run(command, *unknown, "staff", env=env)
        assert (code, err) == (1, "grant_role: account not found\n")


async def test_an_operator_ends_the_sessions_of_an_account_and_of_no_other(
    stub: AuthServiceStub, env: dict[str, str]
) -> None:
    first, bystander = [await calls.register(stub, name) for name in ("bea", "cleo")]
    second = await calls.login(stub, "bea")
    code, _, err = await _run("auth_service.end_sessions", "--login", "bea", env=env)
    assert (code, err) == (0, "")
    for pair in (first, second):
        with pytest.raises(errors.Unauthenticated):
            await calls.refresh(stub, pair.refresh_token)
    await calls.refresh(stub, bystander.refresh_token)
    assert (await calls.login(stub, "bea")).user_id == first.user_id
    code, _, err = await _run("auth_service.end_sessions", "--login", "nobody", env=env)
    assert (code, err) == (1, "end_sessions: account not found\n")


async def test_a_key_is_rotated(stub: AuthServiceStub, env: dict[str, str]) -> None:
    before = set(await calls.keys(stub))
    code, out, err = await _run("auth_service.rotate_keys", "--lead-seconds", "60", env=env)
    assert (code, err) == (0, "")
    [new] = set(await calls.keys(stub)) - before
    assert new in out


async def test_what_is_missing_is_named_without_values(env: dict[str, str]) -> None:
    env["AUTH_KEY_SECRET"] = "too short"
    env.pop("AUTH_DATABASE_URL")
    for module in ("auth_service", "auth_service.rotate_keys"):
        code, _, err = await _run(module, env=env)
        assert code == 2
        assert "AUTH_DATABASE_URL" in err
        assert "AUTH_KEY_SECRET" in err
        assert "too short" not in err
