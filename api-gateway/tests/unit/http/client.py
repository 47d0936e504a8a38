"""The real application over fakes, and a client that speaks HTTP to it without a network."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from api_gateway.adapters.http.admission import Admission
from api_gateway.adapters.http.app import Gateway
from api_gateway.adapters.http.authentication import Authentication
from api_gateway.adapters.http.body_stream import StreamLimits
from api_gateway.adapters.http.client_address import ClientAddresses, Network
from api_gateway.adapters.http.cors import Cors
from api_gateway.adapters.http.crowd import Crowd
from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.adapters.http.idempotency import Idempotency
from api_gateway.adapters.http.operations import Route
from api_gateway.adapters.http.pipeline import Edge
from api_gateway.adapters.http.rate_limits import RateLimits
from api_gateway.adapters.http.routes.auth import TOO_MANY_SIGN_INS
from api_gateway.domain.limit import Limit
from tests.fakes.idempotency import InMemoryIdempotencyKeys
from tests.fakes.limiter import InMemoryLimiter
from tests.fakes.tokens import InMemoryTokens
from tests.unit.http.conformance import conformance_of

PLENTY = {
    scope: Limit(scope, 1_000_000)
    for scope in ("anonymous", "user", "register", "login", "refresh", "send")
}


@dataclass
class EdgeOfTest:
    """What stands around the routes under test; change it before `served`."""

    tokens: InMemoryTokens = field(default_factory=InMemoryTokens)
    keys: InMemoryIdempotencyKeys = field(default_factory=InMemoryIdempotencyKeys)
    secret: bytes = b"secret of a test"
    limiter: InMemoryLimiter | None = None
    limits: dict[str, Limit] = field(default_factory=lambda: dict(PLENTY))
    reads_are_open: bool = False
    places: int = 100
    password_places: int = 100
    timeout_seconds: float = 5.0
    password_timeout_seconds: float = 5.0
    max_body_bytes: int = 1024 * 1024
    max_stream_bytes: int = 1024 * 1024
    idle_seconds: float = 5.0
    origins: Sequence[str] = ()
    trusted: Sequence[Network] = ()
    hot: HotReads | None = None
    crowds: dict[str, Crowd] = field(default_factory=dict)

    def app(self, routes: Iterable[Route], live: Sequence[Any] = ()) -> Gateway:
        """The application that serves `routes`."""
        edge = Edge(
            Authentication(self.tokens, reads_are_open=self.reads_are_open),
            RateLimits(self.limiter, self.limits),
            Idempotency(self.keys, self.secret),
            Admission(self.places),
            Admission(self.password_places, "http_password", TOO_MANY_SIGN_INS.code),
            self.timeout_seconds,
            self.password_timeout_seconds,
            self.max_body_bytes,
            StreamLimits(self.max_stream_bytes, self.idle_seconds),
            self.timeout_seconds,
            self.hot,
            self.crowds,
        )
        return Gateway(list(routes), live, edge, Cors(self.origins), ClientAddresses(self.trusted))


@asynccontextmanager
async def served(
    routes: Iterable[Route], edge: EdgeOfTest | None = None, live: Sequence[Any] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application; paths are below the base path of the API unless they begin
    with `http://`. Every answer is held against the OpenAPI document.
    """
    all_routes = list(routes)
    app = (edge or EdgeOfTest()).app(all_routes, live)
    conformance = conformance_of(all_routes)
    transport = httpx.ASGITransport(
        app=app, client=("203.0.113.9", 40000), raise_app_exceptions=True
    )
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://gateway/api/v1",
        event_hooks={"response": [conformance.check]},
    ) as client:
        yield client
