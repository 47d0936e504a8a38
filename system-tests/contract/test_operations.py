"""Each row of part 3 of the REST API: its success and its refusals, through the real services."""

from typing import Final

import pytest
from journeys.people import Platform

from contract.operation_rows import ROWS
from contract.rows import Row, World, assert_row

OUTSIDE: Final = {
    "/.well-known/jwks.json": "application/json",
    "/livez": "application/json",
    "/readyz": "application/json",
    "/health": "application/json",
    "/docs": "text/html",
    "/live": "text/html",
    "/swagger/index.html": "text/html",
    "/openapi.json": "application/json",
    "/swagger/doc.json": "application/json",
}


@pytest.fixture(scope="module")
async def world(platform: Platform) -> World:
    alice, bob = await platform.people("alice", "bob")
    return World(platform, {"alice": alice, "bob": bob})


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_an_operation_answers_as_its_row_says(world: World, row: Row) -> None:
    assert_row(await world.ask(row), row)


async def test_an_account_can_be_deleted_once(platform: Platform) -> None:
    person = await platform.person("leaving")
    assert (await person.client.delete(f"/users/{person.id}")).status == 204


@pytest.mark.parametrize("path", OUTSIDE)
async def test_what_lies_outside_the_base_path_is_there_for_everybody(
    platform: Platform, path: str
) -> None:
    for asked in (path, f"{path}/"):
        answer = await platform.connection().get(asked)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(OUTSIDE[path])


async def test_the_email_is_shown_to_its_owner_alone(world: World) -> None:
    row = Row("GET /users/{bob}", 200)
    assert "email" not in (await world.ask(row)).data
    own = Row("GET /users/{bob}", 200, by="bob")
    assert (await world.ask(own)).data["email"] == world.people["bob"].email


async def test_head_get_and_options_belong_together(world: World) -> None:
    for path in (f"/users/{world.alice.id}", "/posts/list", "/notification/feed"):
        http = world.platform.connection()
        fields = {"authorization": f"Bearer {world.alice.client.token}"}
        head = await http.head(f"/api/v1{path}", headers=fields)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"]
        options = await http.options(f"/api/v1{path}")
        assert {"GET", "HEAD", "OPTIONS"} <= set(options.headers["allow"].split(", "))


async def test_a_path_or_method_that_is_not_there_is_refused_in_the_envelope(world: World) -> None:
    for row in (
        Row("GET /nowhere", 404, "resource not found", code="NOT_FOUND"),
        Row("PATCH /posts/{post}", 405, "method not allowed", code="METHOD_NOT_ALLOWED"),
    ):
        answer = await world.ask(row)
        assert_row(answer, row)
        assert (row.status == 405) is ("allow" in answer.headers)
