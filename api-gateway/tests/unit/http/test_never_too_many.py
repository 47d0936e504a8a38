"""Who is never one too many: whoever waits for no call of the service that is full."""

import asyncio

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.catalogue import served as served_by
from api_gateway.adapters.http.crowd import Crowd
from api_gateway.adapters.http.hot_reads import LIFETIME_SECONDS, HotReads
from api_gateway.adapters.http.routes.media_uploads import MediaUploadRoutes
from api_gateway.adapters.http.routes.posts import PostRoutes
from api_gateway.application.posts import AuthoredPosts
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.domain.cursor import Cursors
from tests.fakes.authors import InMemoryAuthors
from tests.fakes.gateways import InMemoryGateways
from tests.fakes.media import InMemoryMedia
from tests.fakes.posts import InMemoryPosts
from tests.unit.http.client import EdgeOfTest


def test_who_begins_an_upload_is_never_one_too_many() -> None:
    posts = AuthoredPosts(InMemoryPosts(), InMemoryAuthors())
    resources = [MediaUploadRoutes(InMemoryMedia()), PostRoutes(posts, Cursors(b"s" * 16))]
    edge = EdgeOfTest(crowds={"post-service": Crowd("post-service")})
    app = edge.app(served_by(resources))
    assert app.visit("POST", b"/api/v1/media/uploads") is None
    assert app.visit("POST", b"/api/v1/posts") is not None


async def test_what_is_kept_or_on_its_way_is_for_everybody() -> None:
    now, gate = [100.0], asyncio.Event()
    hot = HotReads(RecentWrites(lambda: now[0]), InMemoryGateways(), lambda: now[0])
    routes = PostRoutes(AuthoredPosts(InMemoryPosts(), InMemoryAuthors()), Cursors(b"s" * 16))
    app = EdgeOfTest(crowds={"post-service": Crowd("post-service")}, hot=hot).app(
        served_by([routes])
    )

    async def answer() -> Answer:
        await gate.wait()
        return ok({})

    assert app.visit("GET", b"/api/v1/posts/7?x=1") is not None
    first = asyncio.create_task(hot.load(("/api/v1/posts/7", b"x=1"), None, answer))
    await asyncio.sleep(0)
    assert app.visit("GET", b"/api/v1/posts/7?x=1") is None  # on its way
    assert app.visit("GET", b"/api/v1/posts/7") is not None
    gate.set()
    await first
    assert app.visit("GET", b"/api/v1/posts/7?x=1") is None  # kept
    now[0] += LIFETIME_SECONDS
    assert app.visit("GET", b"/api/v1/posts/7?x=1") is not None
