"""Who may open a socket, how they say who they are, and how long they may stay."""

import pytest
from service_kit.testing import eventually
from websockets.exceptions import InvalidStatus

from tests.live.builders import a_principal
from tests.live.gateway import LiveGateway, live_gateway, quick


async def test_the_header_says_who_calls(gateway: LiveGateway) -> None:
    async with gateway.socket() as client:
        assert client.connection.subprotocol == "pinstack.v1"
        assert (await client.resume())["type"] == "ready"


async def test_the_subprotocol_may_say_it_and_is_never_repeated(gateway: LiveGateway) -> None:
    protocols = ("pinstack.v1", f"bearer.{gateway.tokens.of(2)}")
    async with gateway.socket(headers={}, protocols=protocols) as client:
        assert client.connection.subprotocol == "pinstack.v1"
        await client.resume()


async def test_a_ticket_may_say_it_once(gateway: LiveGateway) -> None:
    ticket = await gateway.tickets.issue(a_principal(3))
    async with gateway.socket(headers={}, query=f"?ticket={ticket}") as client:
        await client.resume()
    async with gateway.socket(headers={}, query=f"?ticket={ticket}") as again:
        assert await again.closed() == (4401, "invalid ticket")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "unauthenticated"),
        ({"Authorization": "Bearer"}, "invalid token"),
        ({"Authorization": "Basic a.b.c"}, "invalid token"),
        ({"Authorization": "Bearer nonsense"}, "invalid token"),
        ({"Authorization": "Bearer a.b.c"}, "invalid token"),
    ],
)
async def test_who_cannot_say_it_is_closed_with_4401(
    gateway: LiveGateway, headers: dict[str, str], reason: str
) -> None:
    async with gateway.socket(headers=headers) as client:
        assert await client.closed() == (4401, reason)


async def test_an_expired_token_is_closed_with_4401(gateway: LiveGateway) -> None:
    async with gateway.socket(gateway.tokens.of(4, seconds=-1)) as client:
        assert await client.closed() == (4401, "token expired")


async def test_a_bad_header_is_not_made_good_by_a_ticket(gateway: LiveGateway) -> None:
    ticket = await gateway.tickets.issue(a_principal(5))
    bad = {"Authorization": "Bearer a.b.c"}
    async with gateway.socket(headers=bad, query=f"?ticket={ticket}") as client:
        assert (await client.closed())[0] == 4401


@pytest.mark.parametrize("name", ["access_token", "token", "Authorization"])
async def test_a_token_in_the_url_is_refused_though_it_is_good(
    gateway: LiveGateway, name: str
) -> None:
    async with gateway.socket(query=f"?{name}={gateway.tokens.of(6)}") as client:
        assert await client.closed() == (4401, "an access token must not stand in the URL")


async def test_a_page_of_another_site_is_refused_before_it_has_a_socket(
    gateway: LiveGateway,
) -> None:
    for origin in ("https://evil.example", "null", "https://127.0.0.1.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            async with gateway.socket(origin=origin):
                pass
        assert refused.value.response.status_code == 403
        assert b"ORIGIN_NOT_ALLOWED" in (refused.value.response.body or b"")


async def test_a_page_of_a_known_site_or_of_the_same_host_is_served(gateway: LiveGateway) -> None:
    for origin in ("https://app.example", f"http://127.0.0.1:{gateway.port}"):
        async with gateway.socket(gateway.tokens.of(7), origin=origin) as client:
            await client.resume()


async def test_an_eleventh_socket_of_a_user_is_closed_with_4429() -> None:
    async with live_gateway(quick(connections_per_user=2)) as gateway:
        token = gateway.tokens.of()
        async with gateway.socket(token) as one, gateway.socket(token):
            await one.resume()
            async with gateway.socket(token) as refused:
                assert await refused.closed() == (4429, "too many live connections")
            async with gateway.socket(gateway.tokens.of(2)) as other:
                await other.resume()
        async with gateway.socket(token) as later:
            await later.resume()


async def test_a_revoked_session_is_closed_within_a_second(gateway: LiveGateway) -> None:
    token, other = gateway.tokens.of(8, "s8"), gateway.tokens.of(8, "s9")
    async with gateway.socket(token) as client, gateway.socket(other) as second:
        await client.resume()
        await second.resume()
        gateway.revocations.revoke(8, "s8")
        assert await client.closed() == (4401, "token revoked")
        await second.say(type="ping")
        assert await second.hear() == {"type": "pong"}


async def test_a_socket_is_warned_and_ends_with_its_token() -> None:
    async with (
        live_gateway(quick(warning_seconds=0.8)) as gateway,
        gateway.socket(gateway.tokens.of(seconds=4)) as client,  # so long it may take to begin
    ):
        await client.resume()
        assert await client.hear() == {"type": "token_expiring"}
        assert await client.closed() == (4401, "token expired")


async def test_a_fresh_token_renews_it_in_place() -> None:
    async with (
        live_gateway(quick(warning_seconds=0.5)) as gateway,
        gateway.socket(gateway.tokens.of(seconds=4)) as client,
    ):
        await client.resume()
        await client.hear("token_expiring")
        await client.say(type="token", access_token=gateway.tokens.of(seconds=3))
        await client.hear("token_expiring")
        assert await client.closed() == (4401, "token expired")


async def test_the_token_of_somebody_else_renews_nothing(gateway: LiveGateway) -> None:
    async with gateway.socket(gateway.tokens.of(9)) as client:
        await client.resume()
        await client.say(type="token", access_token=gateway.tokens.of(10))
        assert await client.closed() == (4401, "token of another user")


async def test_a_bad_token_renews_nothing(gateway: LiveGateway) -> None:
    async with gateway.socket(gateway.tokens.of(9)) as client:
        await client.resume()
        await client.say(type="token", access_token="a.b.c")
        assert await client.closed() == (4401, "invalid token")


async def test_nobody_is_left_behind(gateway: LiveGateway) -> None:
    await eventually(lambda: not list(gateway.hub.user_ids()))
