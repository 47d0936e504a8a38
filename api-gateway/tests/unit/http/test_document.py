"""The OpenAPI document: valid, complete, served with its pages from here alone."""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api_gateway.adapters.http.catalogue import whole_document
from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.docs import DocumentRoutes
from tests.unit.http.client import served

# Every row of rest-api.md, part 3; A needs a token, R depends on the settings, - is open.
TABLE = """
- POST /auth/register 201        - POST /auth/login 200         - POST /auth/refresh 200
- POST /auth/logout 200          A PUT /auth/update-password 200  A POST /auth/update-password 200
A GET /auth/sessions 200         A DELETE /auth/sessions/{} 204
A POST /users 201                R GET /users 200               R GET /users/{} 200
R GET /users/username/{} 200     R GET /users/email/{} 200      R GET /users/search 200
A PUT /users/{} 200              A PUT /users 200               A PUT /users/avatar 200
A DELETE /users/{} 204
A POST /posts 201                R GET /posts/list 200          R GET /posts/{} 200
A PUT /posts/{} 200              A DELETE /posts/{} 200
A POST /relation/follow 200      A POST /relation/unfollow 200  R GET /relation/{}/followers 200
R GET /relation/{}/followees 200 A GET /relation/check 200
A GET /notification/feed 200     A GET /notification/unread-count 200
A GET /notification/{} 200       A POST /notification/send 200  A PUT /notification/{}/read 200
A PUT /notification/read-all 200 A DELETE /notification/{} 200  A POST /notification/ws-ticket *
A PUT /notification/seen 200     A PUT /notification/{}/archive 200
A PUT /notification/{}/unarchive 200
A GET /notification/explain 200 A GET /notification/{}/why 200
A GET /notification/preferences 200 A PUT /notification/preferences 200
A GET /notification/mutes 200    A PUT /notification/mutes/{} 200
A DELETE /notification/mutes/{} 200
A GET /notification/ws 101       A GET /notification/stream 200
A POST /media 201                A GET /media/{} 200              A DELETE /media/{} 204
A POST /media/uploads 201        A GET /media/uploads/{} 200      A PATCH /media/uploads/{} 204
A DELETE /media/uploads/{} 204
"""
ROWS = re.findall(r"([-AR]) ([A-Z]+) (\S+) (\d+|\*)", TABLE)
OUTSIDE = (
    "/.well-known/jwks.json",
    "/media/{}",
    "/livez",
    "/readyz",
    "/health",
    "/docs",
    "/live",
    "/openapi.json",
    "/swagger/index.html",
    "/swagger/doc.json",
)


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    return whole_document()


def operations(content: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path)): operation
        for path, item in content["paths"].items()
        for method, operation in item.items()
    }


def test_the_document_is_valid(content: dict[str, Any]) -> None:
    assert content["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(content).validate()


@pytest.mark.parametrize(("access", "method", "path", "status"), ROWS)
def test_every_operation_of_the_specification_is_in_it(
    content: dict[str, Any], access: str, method: str, path: str, status: str
) -> None:
    operation = operations(content)[method, f"/api/v1{path}"]
    assert status == "*" or status in operation["responses"]
    assert ("security" in operation) is (access != "-")
    assert ("x-public-reads" in operation) is (access == "R")
    assert ("401" in operation["responses"]) is (path != "/auth/register")


def test_there_is_nothing_in_it_that_the_specification_does_not_name(
    content: dict[str, Any],
) -> None:
    named = {(method, f"/api/v1{path}") for _, method, path, _ in ROWS}
    named |= {("GET", path) for path in (*OUTSIDE, "/docs/assets/{}", "/live/assets/{}")}
    assert set(operations(content)) == named


def test_every_operation_says_what_it_is_and_how_it_fails(content: dict[str, Any]) -> None:
    ids = set()
    for (method, path), operation in operations(content).items():
        ids.add(operation["operationId"])
        assert operation["summary"], path
        assert operation["tags"], path
        assert {"429", "500", "503", "504"} <= set(operation["responses"]), (method, path)
        for status, response in operation["responses"].items():
            body = response.get("content", {}).get("application/json")
            if status.isdigit() and int(status) >= 400:
                assert body["examples"], (path, status)
            elif body and status != "default" and path.startswith("/api/v1"):
                assert "example" in body or "examples" in body, (path, status)
    assert len(ids) == len(operations(content))


def test_every_body_has_an_example(content: dict[str, Any]) -> None:
    for key, operation in operations(content).items():
        kinds = operation.get("requestBody", {}).get("content", {})
        assert "application/json" not in kinds or "examples" in str(kinds), key


def test_posts_with_a_token_take_an_idempotency_key(content: dict[str, Any]) -> None:
    for (method, path), operation in operations(content).items():
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        # The same file again is the same media anyway.
        expected = method == "POST" and "security" in operation and path != "/api/v1/media"
        assert ("Idempotency-Key" in names) is expected, path
        assert not expected or {"409", "422"} <= set(operation["responses"])


async def test_document_and_pages_come_from_here_alone() -> None:
    documents = DocumentRoutes()
    documents.publish(lambda: {"openapi": "3.1.0"})
    async with served(routes_of(documents, tag="operations")) as client:
        for path in ("/openapi.json", "/swagger/doc.json"):
            assert (await client.get(f"http://gateway{path}")).json() == {"openapi": "3.1.0"}
        for path in ("/docs", "/swagger/index.html", "/docs/"):
            page = await client.get(f"http://gateway{path}")
            assert page.headers["content-type"].startswith("text/html")
            assert not re.findall(r"(?:src|href)=\"(?!/docs/assets/)", page.text)
            assert (
                "'unsafe-inline'"
                not in page.headers["content-security-policy"].split("script-src")[1].split(";")[0]
            )
        for name in re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text):
            asset = await client.get(f"http://gateway{name}")
            assert asset.status_code == 200
            assert asset.content
        missing = await client.get("http://gateway/docs/assets/..%2fsecrets")
        assert missing.status_code == 404
