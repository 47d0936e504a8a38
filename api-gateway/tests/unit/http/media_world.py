"""A gateway that takes media, over a fake of what keeps them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from api_gateway.adapters.http.app import Gateway
from api_gateway.adapters.http.body_places import BodyPlaces
from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.media import MediaRoutes
from api_gateway.adapters.http.routes.media_uploads import MediaUploadRoutes
from tests.fakes.media import InMemoryMedia
from tests.unit.http.client import EdgeOfTest, served

PIECE = "application/offset+octet-stream"


@dataclass
class World:
    """The fake, a client of the gateway, and `app` for who speaks ASGI."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    media: InMemoryMedia
    app: Gateway

    def fields(self, user: int, **more: str) -> dict[str, str]:
        """Header fields of a request of that user; `more` with _ for -."""
        names = {name.replace("_", "-"): value for name, value in more.items()}
        return {**self.edge.tokens.fields(user), **names}

    async def sent(self, content: bytes, user: int = 1) -> httpx.Response:
        """The answer to a form with that file."""
        files = {"file": ("../../etc/passwd.svg", content, "text/html")}
        return await self.client.post("/media", files=files, headers=self.fields(user))

    async def read(self, path: str, **fields: str) -> httpx.Response:
        """What is at an address of media."""
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        return await self.client.get(f"http://gateway/media/{path}", headers=names)


@asynccontextmanager
async def a_world(places: BodyPlaces | None = None, **settings: int) -> AsyncIterator[World]:
    """A world of its own."""
    edge, media = EdgeOfTest(**settings), InMemoryMedia()  # type: ignore[arg-type] # by name
    routes = [
        *routes_of(MediaUploadRoutes(media), tag="media"),
        *routes_of(MediaRoutes(media, places or BodyPlaces(5)), tag="media"),
    ]
    async with served(routes, edge) as client:
        yield World(client, edge, media, edge.app(routes))
