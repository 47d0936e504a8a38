"""Where a socket may come from."""

import pytest
from service_kit.errors import PermissionDenied

from api_gateway.adapters.live.callers import Callers
from tests.fakes.live import KnownTokens
from tests.fakes.tickets import InMemoryTickets


def allowed(origin: str | None, host: str, *origins: str) -> bool:
    fields = [(b"host", host.encode())]
    if origin is not None:
        fields.append((b"origin", origin.encode()))
    callers = Callers(KnownTokens(), InMemoryTickets(), origins)
    try:
        callers.check_origin({"type": "websocket", "headers": fields})
    except PermissionDenied:
        return False
    return True


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "api.example"),
        ("https://api.example", "api.example"),
        ("https://api.example", "api.example:443"),
        ("http://API.example:80", "api.example"),
        ("http://localhost:8080", "localhost:8080"),
        ("https://app.example", "api.example"),
    ],
)
def test_programs_the_same_host_and_known_sites_may_come(origin: str | None, host: str) -> None:
    assert allowed(origin, host, "https://app.example")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "api.example"),
        ("https://api.example.evil.example", "api.example"),
        ("http://app.example", "api.example"),
        ("https://app.example:8443", "api.example"),
        ("http://localhost:3000", "localhost:8080"),
        ("null", "api.example"),
        ("", "api.example"),
        ("file://api.example", "api.example"),
        ("https://[", "api.example"),
    ],
)
def test_other_sites_may_not(origin: str, host: str) -> None:
    assert not allowed(origin, host, "https://app.example")


def test_any_site_may_where_the_settings_say_so() -> None:
    assert allowed("https://evil.example", "api.example", "*")
