"""Limits, origins, addresses, entity tags: the rules at the edge that depend on settings."""

from ipaddress import ip_network

import pytest
from service_kit import errors

from api_gateway.adapters.http.client_address import ClientAddresses
from api_gateway.adapters.http.errors import STATUS_OF, answer_of
from api_gateway.adapters.http.rate_limits import network_of
from api_gateway.domain.limit import Limit
from tests.fakes.limiter import InMemoryLimiter
from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.things import things


def limited(**counts: int) -> EdgeOfTest:
    limits = {scope: Limit(scope, counts.get(scope, 1000)) for scope in ("anonymous", "user")}
    limits["login"] = Limit("login", counts.get("login", 1000))
    return EdgeOfTest(limiter=InMemoryLimiter(), limits=limits)


async def test_every_answer_says_what_is_left_of_the_limit() -> None:
    async with served(things(), limited(anonymous=5)) as client:
        answer = await client.get("/things")
    assert answer.headers["ratelimit-policy"] == '"anonymous";q=5;w=60'
    assert answer.headers["ratelimit"] == '"anonymous";r=4;t=60'


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/things", 405), ("OPTIONS", "/things", 204)],
)
async def test_what_no_operation_answers_counts_against_its_address(
    method: str, path: str, status: int
) -> None:
    async with served(things(), limited(anonymous=1)) as client:
        answers = [await client.request(method, path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 429]
    assert [answer.headers["ratelimit"][:15] for answer in answers] == ['"anonymous";r=0'] * 2
    assert answers[1].headers["retry-after"]


async def test_who_is_over_the_limit_is_told_when_to_come_back() -> None:
    async with served(things(), limited(anonymous=1)) as client:
        await client.get("/things")
        answer = await client.get("/things")
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["ratelimit"].startswith('"anonymous";r=0')


async def test_callers_count_by_user_strangers_by_address_and_logins_apart() -> None:
    edge = limited()
    assert edge.limiter is not None
    async with served(things(), edge) as client:
        await client.get("/things/1", headers=edge.tokens.fields(7))
        await client.get("/things")
        await client.post("/limited")
    assert set(edge.limiter.taken) == {
        ("user", "7"),
        ("anonymous", "203.0.113.9"),
        ("login", "203.0.113.9"),
    }


async def test_bad_tokens_count_against_their_address() -> None:
    edge = limited(anonymous=1)
    async with served(things(), edge) as client:
        statuses = [
            (await client.get("/things/1", headers={"Authorization": "Bearer x"})).status_code
            for _ in range(2)
        ]
    assert statuses == [401, 429]


async def test_without_a_limiter_there_are_neither_limits_nor_fields() -> None:
    async with served(things()) as client:
        answer = await client.get("/things")
    assert "ratelimit" not in answer.headers


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
    ],
)
def test_an_ipv6_subscriber_is_one_caller(address: str, key: str) -> None:
    assert network_of(address) == key


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 10.0.0.2", "10.0.0.2"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_only(
    peer: str, forwarded: str | None, expected: str
) -> None:
    addresses = ClientAddresses([ip_network("10.0.0.0/8")])
    assert addresses.of({"client": (peer, 1)}, forwarded) == expected


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert ClientAddresses([]).of({"client": ("10.0.0.1", 1)}, "198.51.100.1") == "10.0.0.1"


ORIGIN = "https://app.example.org"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


async def test_no_origin_may_read_answers_unless_it_is_configured() -> None:
    async with served(things()) as client:
        answers = [
            await client.options("/things", headers=PREFLIGHT),
            await client.get("/things", headers={"Origin": ORIGIN}),
        ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_configured_origin_may_also_send_credentials() -> None:
    async with served(things(), EdgeOfTest(origins=[ORIGIN])) as client:
        preflight = await client.options("/things", headers=PREFLIGHT)
        answer = await client.get("/things", headers={"Origin": ORIGIN})
        other = await client.get("/things", headers={"Origin": "https://evil.example"})
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    for allowed in (preflight, answer):
        assert allowed.headers["access-control-allow-origin"] == ORIGIN
        assert allowed.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in allowed.headers["vary"]
    assert "access-control-allow-origin" not in other.headers
    assert "Origin" in other.headers["vary"]


async def test_any_origin_never_gets_credentials() -> None:
    async with served(things(), EdgeOfTest(origins=["*"])) as client:
        answer = await client.get("/things", headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


async def test_errors_are_readable_across_origins_too() -> None:
    async with served(things(), EdgeOfTest(origins=[ORIGIN])) as client:
        answer = await client.get("/nowhere", headers={"Origin": ORIGIN})
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_options_says_what_a_path_can_be_asked_for() -> None:
    async with served(things()) as client:
        answer = await client.options("/things")
        nowhere = await client.options("/nowhere")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert nowhere.status_code == 404


async def test_what_the_client_has_is_not_sent_again() -> None:
    async with served(things()) as client:
        first = await client.get("/things")
        tag = first.headers["etag"]
        for wanted in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            answer = await client.get("/things", headers={"If-None-Match": wanted})
            assert (answer.status_code, answer.content) == (304, b""), wanted
            assert answer.headers["etag"] == tag
        other = await client.get("/things?page=2", headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


def test_every_kind_of_error_has_its_status() -> None:
    assert set(STATUS_OF) == set(errors.KINDS)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidArgument(), 400),
        (errors.Unauthenticated(), 401),
        (errors.PermissionDenied(), 403),
        (errors.NotFound(), 404),
        (errors.AlreadyExists(), 409),
        (errors.FailedPrecondition(), 412),
        (errors.ResourceExhausted(), 429),
        (errors.Internal(), 500),
        (errors.Unavailable(), 503),
        (errors.DeadlineExceeded(), 504),
        (errors.AppError(), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_leave_with_the_status_of_their_kind(error: errors.AppError, status: int) -> None:
    answer = answer_of(error, "r")
    names = [name for name, _ in answer.fields]
    assert answer.status == status
    assert (b"retry-after" in names) is (status in (429, 503))
    assert (b"www-authenticate" in names) is (status == 401)
