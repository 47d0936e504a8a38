"""A resource to try the edge with."""

import asyncio
from typing import Annotated

from fastapi import Query
from pydantic import Field
from service_kit.errors import AppError, NotFound, PermissionDenied, Unavailable

from api_gateway.adapters.http.answer import Answer, created, no_content, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import (
    FORBIDDEN,
    Access,
    Refusal,
    Route,
    Success,
    operation,
    routes_of,
)
from api_gateway.adapters.http.routes.auth import TOO_MANY_SIGN_INS
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, Data, QueryModel


class ThingBody(Body):
    """A thing to be made."""

    name: fields.Username
    size: fields.Id | None = None
    parts: list[str] | None = None


class ThingQuery(QueryModel):
    """Which things."""

    page: fields.StrictPage = 1
    limit: fields.LenientLimit = 20
    tag: list[str] = Field(default_factory=list)


class ThingData(Data):
    """A thing."""

    name: str
    owner: int
    count: int


class NumberData(Data):
    """A number, and who asked for it."""

    number: int
    caller: int | None = None


class PageData(Data):
    """How the query was understood."""

    page: int
    limit: int
    tags: list[str]


class Things:
    """Counts what it made; `slow` waits for `gate`, and raises `failure` where there is one."""

    def __init__(self) -> None:
        self.made = 0
        self.failure: AppError | None = None
        self.entered = 0
        self.gate = asyncio.Event()

    @operation(
        "GET",
        "/things/{number}",
        "getThing",
        "One",
        access=Access.READ,
        success=Success(200, NumberData),
        errors=(Refusal(404, "THING_NOT_FOUND", "thing not found"),),
    )
    async def get(self, call: Call, number: fields.TextId) -> Answer:
        if number == 404:
            raise NotFound("thing not found", code="THING_NOT_FOUND")
        if number == 500:
            raise ZeroDivisionError
        caller = {"caller": call.principal.user_id} if call.principal else {}
        return ok({"number": number, **caller})

    @operation(
        "GET", "/things", "listThings", "Some", access=Access.OPEN, success=Success(200, PageData)
    )
    async def some(self, query: Annotated[ThingQuery, Query()]) -> Answer:
        return ok({"page": query.page, "limit": query.limit, "tags": query.tag})

    @operation(
        "POST",
        "/things",
        "makeThing",
        "Make",
        access=Access.TOKEN,
        success=Success(201, ThingData),
        errors=(FORBIDDEN,),
    )
    async def make(self, call: Call, body: ThingBody) -> Answer:
        self.made += 1
        if body.name == "forbidden":
            raise PermissionDenied
        if body.name == "unlucky":
            raise Unavailable
        if body.name == "slow":
            self.entered += 1
            await self.gate.wait()
        return created({"name": body.name, "owner": call.caller.user_id, "count": self.made})

    @operation("PUT", "/things/all", "putThings", "Put", access=Access.OPEN, success=Success(204))
    async def put_all(self) -> Answer:
        return no_content()

    @operation("GET", "/slow", "slow", "Slow", access=Access.OPEN)
    @operation(
        "PUT",
        "/slow",
        "hash",
        "As slow as a hash",
        access=Access.OPEN,
        hashes=True,
        errors=(TOO_MANY_SIGN_INS,),
    )
    async def slow(self) -> Answer:
        self.entered += 1
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return ok()

    @operation("POST", "/limited", "limited", "Limited", access=Access.OPEN, limit="login")
    async def limited(self) -> Answer:
        return ok()


def things(resource: Things | None = None) -> list[Route]:
    """The routes of things."""
    return list(routes_of(resource or Things(), tag="things"))
