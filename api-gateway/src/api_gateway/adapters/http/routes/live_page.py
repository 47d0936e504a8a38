"""The page at /live: the live channel in a browser, as an example for front-end developers."""

from importlib.resources import files
from typing import Final

from api_gateway.adapters.http.answer import Answer
from api_gateway.adapters.http.errors import PathNotFound
from api_gateway.adapters.http.operations import Access, Refusal, Success, operation

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing inline, nothing foreign, and no way from text to code."""

_TYPES: Final = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
}
_PAGE: Final = "index.html"
_HTML: Final = Success(200, bare="text/html")
_FILE: Final = Success(200, bare="*/*")
_NOT_FOUND: Final = Refusal(404, PathNotFound.code, PathNotFound.message)


class LivePageRoutes:
    """The page and its files, read once."""

    def __init__(self) -> None:
        folder = files("api_gateway.adapters.http") / "pages" / "live"
        self._files = {one.name: one.read_bytes() for one in folder.iterdir()}

    @operation(
        "GET",
        "/live",
        "getLivePage",
        "The live channel in a browser",
        access=Access.OPEN,
        success=_HTML,
        limit=None,
        prefix="",
    )
    async def page(self) -> Answer:
        """Sign in, follow, post, and see the bell and the list change."""
        page = _static(self._files[_PAGE], b"text/html; charset=utf-8")
        return page.add("content-security-policy", POLICY)

    @operation(
        "GET",
        "/live/assets/{name}",
        "getLiveAsset",
        "A file of the live page",
        access=Access.OPEN,
        success=_FILE,
        errors=(_NOT_FOUND,),
        limit=None,
        prefix="",
    )
    async def asset(self, name: str) -> Answer:
        """Scripts, styles and the icon of the page."""
        media_type = _TYPES.get(name.rpartition(".")[2])
        if name not in self._files or media_type is None:
            raise PathNotFound
        return _static(self._files[name], media_type)


def _static(body: bytes, content_type: bytes) -> Answer:
    return Answer(200, body, content_type, data=body, cache_control="public, no-cache")
