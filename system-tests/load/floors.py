"""What is compared with: a bare FastAPI route, a gRPC call, a SELECT, a Redis GET, a mere sink."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import grpc
import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pinstack_local import ports
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from redis.asyncio import Redis

from load.bare_http import ALGORITHM, AUDIENCE
from load.generators import Request
from load.measured import Measured, of_samples

CONCURRENCY: Final = 16
_START_SECONDS: Final = 20

Call = Callable[[], Awaitable[object]]


@contextmanager
def bare_fastapi() -> Iterator[tuple[str, Request]]:
    """A process with one route while the block runs: its URL, and the request that it answers."""
    key = ec.generate_private_key(ec.SECP256R1())
    claims = {"sub": "7", "aud": AUDIENCE, "exp": int(time.time()) + 3600}
    token = jwt.encode(claims, key, algorithm=ALGORITHM)
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    port = ports.free_port()
    command = [sys.executable, "-m", "load.bare_http", str(port)]
    folder = Path(__file__).parents[1]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder) as process:  # noqa: S603
        assert process.stdin is not None
        process.stdin.write(pem)
        process.stdin.close()
        try:
            url, request = f"http://127.0.0.1:{port}", Request("/posts/7", token)
            _await_answer(url + request.path)
            yield url, request
        finally:
            process.terminate()


@contextmanager
def bare_sink() -> Iterator[str]:
    """A process that takes uploads and forgets them while the block runs: its URL."""
    port = ports.free_port()
    command = [sys.executable, "-m", "load.bare_sink", str(port)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as process:  # noqa: S603 -- ours
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not ports.accepts(port) and time.monotonic() < deadline:
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def busy_core() -> Iterator[None]:
    """A process that uses the time of one core that nobody else wants, while the block runs."""
    command = [sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(command) as process:  # noqa: S603 -- ours
        os.sched_setscheduler(process.pid, os.SCHED_IDLE, os.sched_param(0))
        try:
            yield
        finally:
            process.kill()


def _await_answer(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(url)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


async def closed_loop(call: Call, seconds: float, concurrency: int = CONCURRENCY) -> Measured:
    """The call again and again, so many at a time, and each time measured."""
    latencies: list[float] = []
    until = time.perf_counter() + seconds

    async def work() -> None:
        while (begun := time.perf_counter()) < until:
            await call()
            latencies.append((time.perf_counter() - begun) * 1000)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return of_samples(latencies, seconds)


async def _get_user(request: user_pb2.GetUserRequest, _context: object) -> user_pb2.User:
    return user_pb2.User(id=request.id, username="person0007", full_name="Person 7")


@asynccontextmanager
async def grpc_call() -> AsyncIterator[Call]:
    """One plain unary call; server and client share this process."""
    method = grpc.unary_unary_rpc_method_handler(
        _get_user, user_pb2.GetUserRequest.FromString, user_pb2.User.SerializeToString
    )
    service = grpc.method_handlers_generic_handler("user.v1.UserService", {"GetUser": method})
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = UserServiceStub(channel)
            yield lambda: stub.GetUser(user_pb2.GetUserRequest(id=7))
    finally:
        await server.stop(None)


@asynccontextmanager
async def select(url: str) -> AsyncIterator[Call]:
    """One row by its key, prepared."""
    async with asyncpg.create_pool(url, min_size=10, max_size=10) as pool:
        yield lambda: pool.fetchrow("SELECT id, title FROM posts WHERE id = $1", 7)


@asynccontextmanager
async def redis_get(url: str) -> AsyncIterator[Call]:
    """One short value."""
    client = Redis.from_url(url)
    await client.set("load:floor", b"x" * 300, ex=600)
    try:
        yield lambda: client.get("load:floor")
    finally:
        await client.aclose()
