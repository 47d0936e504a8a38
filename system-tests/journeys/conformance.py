"""Holds every answer against the committed OpenAPI document."""

import json
import re
from pathlib import Path
from typing import Any, Final

import httpx
from jsonschema import Draft202012Validator, FormatChecker

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "api-gateway" / "openapi.json"
SWITCHING_PROTOCOLS: Final = 101
_METHODS: Final = {"get", "put", "post", "patch", "delete"}


def load() -> dict[str, Any]:
    """The committed document."""
    content: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return content


class Conformance:
    """Knows what each operation may answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.checked = 0
        self._document = document
        self._validators: dict[str, Draft202012Validator] = {}
        static_first = sorted(document["paths"].items(), key=lambda pair: "{" in pair[0])
        self._paths = [
            (re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path))), item)
            for path, item in static_first
        ]

    async def check(self, response: httpx.Response) -> None:
        """Fail where an answer is none that the document promises; for httpx's event hooks."""
        endless = response.headers.get("content-type", "").startswith("text/event-stream")
        if not endless and response.status_code != SWITCHING_PROTOCOLS:
            await response.aread()
        operation = self._operation(response.request)
        if operation is None:
            return
        asked = f"{response.request.method} {response.request.url}: {response.status_code}"
        documented = operation["responses"].get(str(response.status_code))
        assert documented is not None, f"{asked} is not documented: {response.text}"
        schema = documented.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None and response.is_closed and response.content:
            errors = self._validator(schema).iter_errors(response.json())
            assert not (found := [error.message for error in errors]), f"{asked}: {found}"

    def _operation(self, request: httpx.Request) -> dict[str, Any] | None:
        path = request.url.raw_path.decode().partition("?")[0]
        for pattern, item in self._paths:
            if pattern.fullmatch(path):
                found: dict[str, Any] | None = item.get(request.method.lower())
                return found
        return None

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        name = json.dumps(schema)
        if name not in self._validators:
            whole = {**schema, "components": self._document["components"]}
            checker = FormatChecker()
            self._validators[name] = Draft202012Validator(whole, format_checker=checker)
        return self._validators[name]


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation as (method, path template, operation)."""
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]
