"""Several processes on one port: all of them serve, and none outlives the others."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import psutil
import pytest
from service_kit.testing import eventually, free_port

from api_gateway.workers import shares


@dataclass
class Gateway:
    """A gateway of two workers, from outside."""

    process: asyncio.subprocess.Process
    port: int
    admin_port: int

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    async def get(self, path: str, port: int | None = None) -> httpx.Response | None:
        """One request on a connection of its own; None where nobody listens."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            try:
                return await client.get(f"http://127.0.0.1:{port or self.port}{path}")
            except httpx.TransportError:
                return None

    async def metrics(self) -> str:
        answer = await self.get("/metrics", self.admin_port)
        return answer.text if answer else ""


def environment(port: int, admin_port: int) -> Mapping[str, str]:
    away = {f"{peer}_GRPC_ADDRESS": "127.0.0.1:1" for peer in ("USER", "AUTH", "POST")}
    return {
        **os.environ,
        **away,
        "GATEWAY_PORT": str(port),
        "GATEWAY_ADMIN_PORT": str(admin_port),
        "GATEWAY_WORKERS": "2",
        "GATEWAY_CURSOR_SECRET": "a secret of sixteen or more",
        "DRAIN_SECONDS": "1",
        "LOG_LEVEL": "ERROR",
    }


@asynccontextmanager
async def two_workers() -> AsyncIterator[Gateway]:
    port, admin_port = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api_gateway",
        env=environment(port, admin_port),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    gateway = Gateway(process, port, admin_port)
    try:
        await eventually(lambda: gateway.get("/livez"), 20)
        await eventually(gateway.metrics, 20)
        yield gateway
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with two_workers() as there:
        yield there


async def test_metrics_are_of_all_workers_and_sigterm_ends_them_all(gateway: Gateway) -> None:
    before = len(gateway.workers())
    for _ in range(40):
        answer = await gateway.get("/livez")
        assert answer is not None
        assert answer.status_code == 200

    async def counted() -> bool:
        wanted = 'pinstack_http_requests_total{method="GET",route="/livez",status="200"} 4'
        return wanted in await gateway.metrics()

    await eventually(counted)
    gateway.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(gateway.process.wait(), 10) == 0
    assert before == 2
    assert await gateway.get("/livez") is None


async def test_when_a_worker_dies_the_gateway_says_so_with_its_exit(gateway: Gateway) -> None:
    first, second = gateway.workers()
    first.kill()
    assert await asyncio.wait_for(gateway.process.wait(), 10) == 1
    await eventually(lambda: not second.is_running())


async def test_workers_do_not_outlive_a_supervisor_that_was_killed(gateway: Gateway) -> None:
    workers = gateway.workers()
    gateway.process.kill()
    await eventually(lambda: not any(worker.is_running() for worker in workers), 10)


def test_shares_of_one_port_are_separate_sockets() -> None:
    found = shares("127.0.0.1", 0, 3)
    ports = {one.getsockname()[1] for one in found}
    for one in found:
        one.close()
    assert len(ports) == 1


def test_a_port_that_another_program_holds_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        shares("127.0.0.1", taken.getsockname()[1], 2)
