"""A client of the API; it checks the envelope of whatever it gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

API: Final = "/api/v1"
PATIENCE_SECONDS: Final = 20
PROCESSING_SECONDS: Final = 60.0
"""Until an upload is processed: by processes that get what time the others leave."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A response in the envelope."""

    status: int
    body: Json
    headers: httpx.Headers

    @property
    def data(self) -> Any:
        """The data of a success."""
        assert self.status < 400, f"{self.status}: {self.body}"
        return self.body.get("data")

    @property
    def error(self) -> tuple[int, str]:
        """Status and message of an error."""
        assert self.status >= 400, f"{self.status}: {self.body}"
        return self.status, self.body["error"]


class Client:
    """Calls the API, with or without a token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.token: str | None = None

    def signed_in(self, other: "Client") -> "Client":
        """Itself, with the token of another client."""
        self.token = other.token
        return self

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Answer:
        """One request; `path` is below the base path."""
        own = {"authorization": f"Bearer {self.token}"} if self.token else {}
        response = await self._http.request(
            method,
            API + path,
            json=body,
            params={name: _text(value) for name, value in query.items()} if query else None,
            headers={**own, **(headers or {})},
        )
        return checked(response)

    async def get(self, path: str, **query: object) -> Answer:
        """GET."""
        return await self.call("GET", path, query=query)

    async def post(self, path: str, body: object = None) -> Answer:
        """POST."""
        return await self.call("POST", path, body)

    async def put(self, path: str, body: object = None) -> Answer:
        """PUT."""
        return await self.call("PUT", path, body)

    async def delete(self, path: str) -> Answer:
        """DELETE."""
        return await self.call("DELETE", path)


def _text(value: object) -> str | list[str]:
    """A value of a query; a list repeats its name."""
    return [str(each) for each in value] if isinstance(value, list) else str(value)


def checked(response: httpx.Response) -> Answer:
    """The answer, if it has the shape that every answer has (REST API, part 1).

    Nothing that a journey does, and no outage, is an internal error.
    """
    assert response.status_code != 500, response.text
    assert response.headers.get("x-request-id"), f"{response.url} has no X-Request-Id"
    assert response.headers["x-content-type-options"] == "nosniff"
    if response.status_code in (204, 304):
        assert not response.content
        return Answer(response.status_code, {}, response.headers)
    body = response.json()
    assert body["status"] == response.status_code
    assert body["timestamp"].endswith("Z")
    datetime.fromisoformat(body["timestamp"])
    if response.is_error:
        assert body["error"] == body["message"]
        assert body["code"].replace("_", "").isalnum()
        assert body["code"].isupper()
        assert body["request_id"] == response.headers["x-request-id"]
    return Answer(response.status_code, body, response.headers)
