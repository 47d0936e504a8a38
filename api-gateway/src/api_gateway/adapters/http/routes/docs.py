"""The OpenAPI document, and Swagger UI to read and try it, without any foreign server."""

import asyncio
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final

import orjson

from api_gateway.adapters.http.answer import Answer
from api_gateway.adapters.http.errors import PathNotFound
from api_gateway.adapters.http.operations import Access, Refusal, Success, operation

# Swagger UI sets style attributes and shows pictures from data: URLs; all else is its own files.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE: Final = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pinstack API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<div id="ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
_START: Final = b"""SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#ui", deepLinking: true, persistAuthorization: false,
});
"""
_TYPES: Final = {"css": b"text/css", "js": b"text/javascript", "png": b"image/png"}
_FROM_PACKAGE: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_DOCUMENT: Final = Success(200, bare="application/json")
_HTML: Final = Success(200, bare="text/html")
NOT_FOUND: Final = Refusal(404, PathNotFound.code, PathNotFound.message)
_FILE: Final = Success(200, bare="*/*")


class DocumentRoutes:
    """The document and its pages; it names them too, so that it is published after all is known."""

    def __init__(self) -> None:
        self._make: Callable[[], dict[str, Any]] = dict
        self._content = b""
        self._making = asyncio.Lock()
        package = files("fastapi_swagger") / "resources"
        self._assets = {name: (package / name).read_bytes() for name in _FROM_PACKAGE}
        self._assets["start.js"] = _START

    def publish(self, make: Callable[[], dict[str, Any]]) -> None:
        """Serve the OpenAPI document that `make` gives; it is asked once, at the first read."""
        self._make = make

    @operation(
        "GET",
        "/openapi.json",
        "getDocument",
        "This document",
        access=Access.OPEN,
        success=_DOCUMENT,
        limit=None,
        prefix="",
    )
    @operation(
        "GET",
        "/swagger/doc.json",
        "getSwaggerDocument",
        "This document, under its older name",
        access=Access.OPEN,
        success=_DOCUMENT,
        limit=None,
        prefix="",
    )
    async def document(self) -> Answer:
        """OpenAPI 3.1."""
        async with self._making:
            if not self._content:
                self._content = orjson.dumps(await asyncio.to_thread(self._make))
        return _static(self._content, b"application/json")

    @operation(
        "GET",
        "/docs",
        "getPage",
        "Swagger UI",
        access=Access.OPEN,
        success=_HTML,
        limit=None,
        prefix="",
    )
    @operation(
        "GET",
        "/swagger/index.html",
        "getSwaggerPage",
        "Swagger UI, under its older name",
        access=Access.OPEN,
        success=_HTML,
        limit=None,
        prefix="",
    )
    async def page(self) -> Answer:
        """Reads this document, and tries its operations."""
        return _static(_PAGE, b"text/html; charset=utf-8").add("content-security-policy", _POLICY)

    @operation(
        "GET",
        "/docs/assets/{name}",
        "getAsset",
        "A file of Swagger UI",
        access=Access.OPEN,
        success=_FILE,
        errors=(NOT_FOUND,),
        limit=None,
        prefix="",
    )
    async def asset(self, name: str) -> Answer:
        """Scripts, styles and the icon of the page."""
        if name not in self._assets:
            raise PathNotFound
        return _static(self._assets[name], _TYPES[name.rpartition(".")[2]])


def _static(body: bytes, content_type: bytes) -> Answer:
    return Answer(200, body, content_type, data=body, cache_control="public, no-cache")
