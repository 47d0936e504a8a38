"""Holds what the application answers against what its OpenAPI document promises."""

import re
from collections.abc import Sequence
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from api_gateway.adapters.http.openapi import document
from api_gateway.adapters.http.operations import Route

_ERROR = {"$ref": "#/components/schemas/Error"}


_KNOWN: dict[object, "Conformance"] = {}


def conformance_of(routes: Sequence[Route]) -> "Conformance":
    """The conformance of some routes; the document of the same ones is made once."""
    key = tuple((one.operation.id, getattr(one.handler, "__qualname__", "")) for one in routes)
    if key not in _KNOWN:
        _KNOWN[key] = Conformance(routes)
    return _KNOWN[key]


class Conformance:
    """The document of some routes, to check answers with."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.document = document(routes, "test", {})
        self._paths = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), item)
            for path, item in sorted(
                self.document["paths"].items(), key=lambda pair: "{" in pair[0]
            )
        ]

    async def check(self, response: httpx.Response) -> None:
        """Fail unless the document promises this answer to this request."""
        await response.aread()
        operation = self._operation(response.request)
        if operation is None:
            assert response.status_code in (204, 404, 405, 426, 429), "nothing serves this"
            self._validate(response, _ERROR)
            return
        promised = operation["responses"].get(str(response.status_code))
        assert promised is not None, f"{operation['operationId']}: {response.status_code}"
        content = promised.get("content", {})
        if "application/json" in content:
            self._validate(response, content["application/json"].get("schema", {}))
            self._check_message(response, promised)

    def _operation(self, request: httpx.Request) -> dict[str, Any] | None:
        path = request.url.raw_path.decode().partition("?")[0].rstrip("/")
        method = "get" if request.method == "HEAD" else request.method.lower()
        for pattern, item in self._paths:
            if pattern.fullmatch(path):
                found: dict[str, Any] | None = item.get(method)
                return found
        return None

    def _validate(self, response: httpx.Response, schema: dict[str, Any]) -> None:
        if not response.content:
            return
        whole = {**schema, "components": self.document["components"]}
        validator = Draft202012Validator(whole, format_checker=FormatChecker())
        found = [
            f"{one.json_path}: {one.message}" for one in validator.iter_errors(response.json())
        ]
        assert not found, f"{response.request.method} {response.request.url}: {found}"

    def _check_message(self, response: httpx.Response, promised: dict[str, Any]) -> None:
        """An error that leaves is one of those that the document names."""
        examples = promised["content"]["application/json"].get("examples")
        if examples and response.status_code >= 400 and response.content:
            answered = response.json()
            promises = {one["value"]["code"]: one["value"]["message"] for one in examples.values()}
            assert promises.get(answered["code"]) == answered["message"], answered
