"""Who waits for a password to be hashed takes nobody else's place."""

import asyncio

from service_kit.errors import Unavailable
from service_kit.testing import eventually

from api_gateway.adapters.http.admission import Admission
from api_gateway.adapters.http.errors import Overloaded
from api_gateway.adapters.http.routes.auth import TOO_MANY_SIGN_INS
from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.things import Things, things


async def test_a_flood_of_passwords_is_shed_and_everything_else_is_served() -> None:
    resource = Things()
    async with served(things(resource), EdgeOfTest(places=1, password_places=2)) as client:
        held = [asyncio.create_task(client.put("/slow")) for _ in range(2)]
        await eventually(lambda: resource.entered == 2)
        shed, read = await client.put("/slow"), await client.get("/things")
        resource.gate.set()
        assert [(await task).status_code for task in held] == [200, 200]
    assert (shed.status_code, shed.json()["code"]) == (503, "SERVER_OVERLOADED")
    assert int(shed.headers["retry-after"]) >= 1
    assert read.status_code == 200


async def test_a_service_that_was_full_is_not_asked_by_those_who_come_at_once() -> None:
    resource = Things()
    resource.failure = Unavailable(TOO_MANY_SIGN_INS.message, code=TOO_MANY_SIGN_INS.code)
    resource.gate.set()
    async with served(things(resource), EdgeOfTest(password_places=9)) as client:
        codes = [(await client.put("/slow")).json()["code"] for _ in range(3)]
        read = await client.get("/things")
    assert codes == ["OVERLOADED", "SERVER_OVERLOADED", "SERVER_OVERLOADED"]
    assert resource.entered == 1
    assert read.status_code == 200


def test_a_service_that_was_full_is_left_alone_for_a_moment_only() -> None:
    now = 100.0
    admission = Admission(5, "http_password", "FULL", lambda: now)
    admission.hear(Unavailable(code="FULL"))
    assert not lets_in(admission)
    now += 0.06
    assert lets_in(admission)


def test_after_any_other_error_the_next_one_is_let_in() -> None:
    admission = Admission(1, "http_password", "FULL")
    admission.hear(Unavailable())
    assert lets_in(admission)


async def test_what_is_full_for_passwords_is_full_for_nothing_else() -> None:
    resource = Things()
    resource.failure = Unavailable(TOO_MANY_SIGN_INS.message, code=TOO_MANY_SIGN_INS.code)
    resource.gate.set()
    async with served(things(resource), EdgeOfTest()) as client:
        assert (await client.put("/slow")).status_code == 503
        statuses = [(await client.get("/things")).status_code for _ in range(3)]
    assert statuses == [200, 200, 200]


def lets_in(admission: Admission) -> bool:
    """Whether the next one gets a place."""
    try:
        with admission.place():
            return True
    except Overloaded:
        return False
