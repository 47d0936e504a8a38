"""What every operation has from the edge, whatever it does."""

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import Query
from service_kit.errors import NotFound

from api_gateway.adapters.http.answer import Answer, created, no_content, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import Access, Route, Success, operation, routes_of
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, QueryModel
from api_gateway.domain.limit import Limit
from tests.fakes.limiter import InMemoryLimiter
from tests.unit.http.client import EdgeOfTest, served


class ThingBody(Body):
    name: fields.Username
    size: fields.Id | None = None


class ThingQuery(QueryModel):
    page: fields.StrictPage = 1
    limit: fields.LenientLimit = 20
    tag: list[str] = []


class Things:
    """A resource to try the edge with."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = asyncio.Event()

    @operation("GET", "/things/{number}", "getThing", "One", access=Access.READ)
    async def get(self, call: Call, number: fields.TextId) -> Answer:
        if number == 404:
            raise NotFound("thing not found", code="THING_NOT_FOUND")
        if number == 500:
            raise ZeroDivisionError
        return ok({"number": number, "caller": call.principal and call.principal.user_id})

    @operation("GET", "/things", "listThings", "Some", access=Access.OPEN)
    async def some(self, query: Annotated[ThingQuery, Query()]) -> Answer:
        return ok({"page": query.page, "limit": query.limit, "tags": query.tag})

    @operation("POST", "/things", "makeThing", "Make", access=Access.TOKEN, success=Success(201))
    async def make(self, call: Call, body: ThingBody) -> Answer:
        self.made += 1
        return created({"name": body.name, "owner": call.caller.user_id, "count": self.made})

    @operation("PUT", "/things/all", "putThings", "Put", access=Access.OPEN)
    async def put_all(self) -> Answer:
        return no_content()

    @operation("GET", "/slow", "slow", "Slow", access=Access.OPEN)
    async def slow(self) -> Answer:
        await self.gate.wait()
        return ok()


def things(resource: Things | None = None) -> list[Route]:
    return list(routes_of(resource or Things(), tag="things"))


async def test_success_and_refusal_stand_in_their_envelopes() -> None:
    edge = EdgeOfTest()
    async with served(things(), edge) as client:
        good = await client.get("/things/5", headers=edge.tokens.fields(1))
        bad = await client.get("/things/404", headers=edge.tokens.fields(1))
    assert good.json().keys() == {"status", "data", "message", "timestamp"}
    assert good.json()["data"] == {"number": 5, "caller": 1}
    assert bad.status_code == 404
    assert bad.json() == {
        "status": 404,
        "error": "thing not found",
        "message": "thing not found",
        "code": "THING_NOT_FOUND",
        "timestamp": bad.json()["timestamp"],
        "request_id": bad.headers["x-request-id"],
    }
