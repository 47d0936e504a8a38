"""A new version of each service, one replica after the other, under load: nothing is lost."""

import asyncio
import itertools
import statistics
from collections.abc import Sequence
from typing import Final

import httpx
import pytest
from journeys.people import Person, Platform
from pinstack_local.catalogue import SERVICES
from pinstack_local.services import ServiceProcess
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from rollout.paced import Request, at_rate

# Longer than what a test waits for by its own deadlines, which say what did not come.
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

RATE: Final = 100.0
BACK_SECONDS: Final = 30.0
USED_SECONDS: Final = 90.0
USED: Final = 30
"""Calls that a replica has to get: a ninth of the requests concerns auth-service, and half of those
the other replica.
"""
ENOUGH: Final = 100
"""Calls after which a replica has its share again: several rounds of everybody who calls it."""
DOMAINS = [spec.name for spec in SERVICES if spec.database]


@pytest.mark.parametrize("name", DOMAINS)
async def test_a_rolling_restart_loses_no_request(
    stack: Stack, platform: Platform, name: str
) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with at_rate(RATE, mixture(platform, ada, grace)) as load:
        await eventually(lambda: load.count >= ENOUGH, BACK_SECONDS)
        for replica in replicas(stack, name):
            before = load.count
            await asyncio.to_thread(replica.stop)
            assert replica.process.outcome() == "exit code 0"
            await asyncio.to_thread(replica.start, BACK_SECONDS)
            await in_use(replica)
            assert load.count > before
        rate = load.rate
    print(f"{name}: {load.count} requests, {rate:.0f} a second, p50 {median(load.seconds):.0f} ms")
    assert load.lost == {}
    published = (await ada.client.get("/posts/list", author_id=ada.id, limit=1)).data["total"]
    assert published == load.succeeded("write")
    await grace.has_unread(load.succeeded("send"))


def mixture(platform: Platform, ada: Person, grace: Person) -> Sequence[tuple[str, Request]]:
    """Requests that reach every service, by reads and by writes that nobody sends twice."""
    client, numbers = ada.client, itertools.count()
    each: list[tuple[str, Request]] = [
        ("profile", lambda: client.get(f"/users/{grace.id}")),
        ("rename", lambda: client.put(f"/users/{ada.id}", {"bio": f"{next(numbers)}"})),
        ("write", lambda: client.post("/posts", {"title": f"Part {next(numbers)}"})),
        ("list", lambda: client.get("/posts/list", author_id=ada.id, limit=5)),
        ("unfollow", lambda: client.post("/relation/unfollow", {"followee_id": grace.id})),
        ("followers", lambda: client.get(f"/relation/{ada.id}/followers")),
        (
            "send",
            lambda: client.post("/notification/send", {"user_id": grace.id, "type": "greeting"}),
        ),
        ("unread", lambda: client.get("/notification/unread-count")),
        ("sessions", lambda: client.get("/auth/sessions")),
    ]
    account = {"login": ada.username, "password": ada.password}
    login: tuple[str, Request] = (
        "login",
        lambda: platform.anybody().post("/auth/login", account),
    )
    return [*each * 6, login]


def replicas(stack: Stack, name: str) -> list[ServiceProcess]:
    """Both processes of a service."""
    return [each for each in stack.services if each.instance.spec.name == name]


async def in_use(replica: ServiceProcess) -> None:
    """Wait until those who call a service have found the replica again.

    An orchestrator waits some seconds (`minReadySeconds`); here its own metrics tell.
    """
    async with httpx.AsyncClient(base_url=replica.instance.admin_url) as http:

        async def served() -> bool:
            lines = (await http.get("/metrics")).text.splitlines()
            counts = [
                float(line.rpartition(" ")[2])
                for line in lines
                if line.startswith("pinstack_grpc_server_requests_total{")
            ]
            return sum(counts) >= USED

        await eventually(served, USED_SECONDS, f"{replica.name} is called again")


def median(seconds: Sequence[float]) -> float:
    """In milliseconds."""
    return statistics.median(seconds) * 1000
