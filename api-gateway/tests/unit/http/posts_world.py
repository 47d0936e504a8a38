"""A gateway that serves posts, with two authors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.posts import PostRoutes
from api_gateway.adapters.http.schemas.posts import PostsData
from api_gateway.application.posts import AuthoredPosts
from api_gateway.domain.cursor import Cursors
from tests.fakes.authors import InMemoryAuthors, an_author
from tests.fakes.posts import InMemoryPosts
from tests.unit.http.client import EdgeOfTest, served

PICTURE = {"url": "https://cdn.example.org/dawn.jpg", "type": "image"}


@dataclass
class World:
    """Ann (1) and Bob (2), their posts, and a client of the gateway."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    posts: InMemoryPosts
    authors: InMemoryAuthors

    async def request(
        self, method: str, path: str, user: int | None = 1, body: Any = None, **fields: str
    ) -> httpx.Response:
        """One request of that user; `fields` are more of its header, with _ for -."""
        token = {} if user is None else self.edge.tokens.fields(user)
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        return await self.client.request(method, path, json=body, headers={**token, **names})

    async def written(self, *titles: str, user: int = 1) -> None:
        """Publish posts with those titles."""
        for title in titles:
            answer = await self.request("POST", "/posts", user, {"title": title})
            assert answer.status_code == 201, answer.text

    async def listed(self, query: str) -> dict[str, Any]:
        """The page that a query gets."""
        answer = await self.request("GET", f"/posts/list?{query}")
        assert answer.status_code == 200, answer.text
        PostsData.model_validate(answer.json()["data"])
        return dict(answer.json()["data"])


@asynccontextmanager
async def a_world(
    *, reads_are_open: bool = False, hot: HotReads | None = None, of: World | None = None
) -> AsyncIterator[World]:
    """A world of its own, or another gateway to the posts and people `of` one."""
    edge = EdgeOfTest(reads_are_open=reads_are_open, hot=hot)
    posts = InMemoryPosts() if of is None else of.posts
    authors = _two_authors() if of is None else of.authors
    routes = PostRoutes(AuthoredPosts(posts, authors), Cursors(b"s" * 16))
    async with served(routes_of(routes, tag="posts"), edge) as client:
        yield World(client, edge, posts, authors)


def _two_authors() -> InMemoryAuthors:
    return InMemoryAuthors(
        an_author(1, "ann", full_name="Ann A.", avatar_url="https://cdn.example.org/a.png"),
        an_author(2, "bob"),
    )
