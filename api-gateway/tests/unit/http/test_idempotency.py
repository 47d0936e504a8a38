"""The same POST with the same Idempotency-Key happens once."""

import asyncio

import httpx
import pytest
from service_kit.testing import eventually

from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.things import Things, things


async def make(
    client: httpx.AsyncClient, edge: EdgeOfTest, key: str, name: str = "ada", user_id: int = 1
) -> httpx.Response:
    headers = {**edge.tokens.fields(user_id), "Idempotency-Key": key}
    return await client.post("/things", json={"name": name}, headers=headers)


async def test_the_first_answer_is_replayed() -> None:
    edge, resource = EdgeOfTest(), Things()
    async with served(things(resource), edge) as client:
        first, second = [await make(client, edge, "k") for _ in range(2)]
    assert resource.made == 1
    assert second.content == first.content
    assert second.status_code == first.status_code == 201
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


async def test_a_refusal_is_an_answer_too() -> None:
    edge, resource = EdgeOfTest(), Things()
    async with served(things(resource), edge) as client:
        first, second = [await make(client, edge, "k", "forbidden") for _ in range(2)]
    assert (first.status_code, second.status_code, resource.made) == (403, 403, 1)
    assert second.headers["idempotent-replayed"] == "true"


async def test_the_same_key_with_another_body_is_refused() -> None:
    edge = EdgeOfTest()
    async with served(things(), edge) as client:
        await make(client, edge, "k")
        answer = await make(client, edge, "k", "bob")
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_what_is_kept_of_a_body_tells_nothing_to_who_has_not_the_secret() -> None:
    kept = []
    for secret in (b"secret of one house", b"secret of another"):
        edge = EdgeOfTest(secret=secret)
        async with served(things(), edge) as client:
            await make(client, edge, "k")
        kept += [answer.fingerprint for answer in edge.keys.answers.values()]
    assert len(set(kept)) == 2


async def test_a_key_that_is_in_flight_is_refused_for_now() -> None:
    edge, resource = EdgeOfTest(), Things()
    async with served(things(resource), edge) as client:
        first = asyncio.create_task(make(client, edge, "k", "slow"))
        await eventually(lambda: resource.entered)
        second = await make(client, edge, "k", "slow")
        resource.gate.set()
        assert (await first).status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "IDEMPOTENCY_KEY_IN_USE")
    assert "retry-after" in second.headers


@pytest.mark.parametrize("name", ["unlucky", "slow"])
async def test_after_a_failure_of_ours_the_key_is_free_again(name: str) -> None:
    edge, resource = EdgeOfTest(timeout_seconds=0.05), Things()
    async with served(things(resource), edge) as client:
        first = await make(client, edge, "k", name)
        second = await make(client, edge, "k")
    assert first.status_code in (503, 504)
    assert second.status_code == 201


async def test_a_body_that_was_refused_before_the_work_began_does_not_use_the_key_up() -> None:
    edge = EdgeOfTest()
    async with served(things(), edge) as client:
        assert (await make(client, edge, "k", "!")).status_code == 400
        assert (await make(client, edge, "k")).status_code == 201


async def test_keys_belong_to_their_caller() -> None:
    edge, resource = EdgeOfTest(), Things()
    async with served(things(resource), edge) as client:
        await make(client, edge, "k", user_id=1)
        answer = await make(client, edge, "k", user_id=2)
    assert (answer.json()["data"]["owner"], resource.made) == (2, 2)


async def test_without_a_key_every_request_is_its_own() -> None:
    edge, resource = EdgeOfTest(), Things()
    async with served(things(resource), edge) as client:
        for _ in range(2):
            await client.post("/things", json={"name": "ada"}, headers=edge.tokens.fields(1))
    assert resource.made == 2


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    edge = EdgeOfTest()
    async with served(things(), edge) as client:
        answer = await make(client, edge, key)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"] == "Idempotency-Key"
