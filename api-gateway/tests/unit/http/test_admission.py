"""Who waits for a password to be hashed takes nobody else's place."""

import asyncio

from service_kit.testing import eventually

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
