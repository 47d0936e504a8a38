"""The writes of clients, the mix of reads and writes, and what they leave behind."""

from functools import partial

from load import requests
from load.backlog import drained, unread_of
from load.bench import Bench
from load.generators import Request, paced_together, wrk
from load.loading import PASSWORD
from load.platform import running
from load.processes import watched
from load.registry import benchmark

_MIX_CONNECTIONS = 3
"""Two get little more than the goal's 600 answers a second."""
_MIX_RATE = 620
"""Requests a second of an open loop: a little more than the goal's 600, as they come at random."""
_EVEN_CONNECTIONS = 32
_MIX_OF_WARMING, _MIX_OF_EVEN = 2, 3


@benchmark("mix", "the published mix, its fan-out counted until it is drained", default=True)
def mix(bench: Bench) -> None:
    """40 % author's posts, 25 % newest posts, 30 % new post, 5 % follow.

    First as they come on a platform where nobody has read anything yet (`mix_cold`), then as fast
    as three connections get answers (`mix`), then at a steady rate (`mix_even`). It comes before
    other writes: those give authors more followers than the data set has, and so more fan-out.
    """
    platform = bench.platform
    as_fast = partial(wrk, platform.url, connections=_MIX_CONNECTIONS)
    cold = requests.mix(platform.people, _MIX_OF_WARMING)
    bench.scenario("mix_cold", as_fast(cold, bench.seconds))
    before = drained(platform).notifications
    with watched(platform.all_pids) as watch:
        driven = as_fast(requests.mix(platform.people), bench.seconds * 2)
    bench.findings.usage["mix"] = watch.usage
    bench.scenario("mix", driven)
    left = _note_rest(bench, "mix")
    bench.note("mix_connections", float(_MIX_CONNECTIONS))
    bench.note("mix_notifications_made", float(left - before))
    even = requests.mix(platform.people, _MIX_OF_EVEN)
    steady = partial(paced_together, connections=_EVEN_CONNECTIONS, rate=_MIX_RATE)
    with watched(platform.all_pids) as watch:
        bench.scenario("mix_even", steady(platform.url, even, bench.seconds * 2))
    bench.findings.usage["mix_even"] = watch.usage
    _note_rest(bench, "mix_even")


def _note_rest(bench: Bench, scenario: str) -> int:
    """What the scenario has left to do, and how long that takes; how many notifications are."""
    left = drained(bench.platform)
    bench.note(f"{scenario}_backlog_events", float(left.events))
    bench.note(f"{scenario}_backlog_drained_seconds", left.seconds)
    return left.notifications


@benchmark("writes", "each write: register, login, post, follow, read", default=True)
def writes(bench: Bench) -> None:
    """Every write on its own; what hashes passwords, with as many connections as cores.

    Those have all processors on a platform of their own; by default hashing gets a share of them.
    """
    with running({"AUTH_HASH_SHARE": "1"}) as unbounded:
        few = partial(wrk, unbounded.url, seconds=bench.seconds, connections=2)
        bench.scenario("register", few(requests.register()))
        bench.scenario("login", few(requests.login(unbounded.people, PASSWORD)))
    platform = bench.platform
    people, url = platform.people, platform.url
    bench.scenario("post", wrk(url, [requests.post(each) for each in people], bench.seconds))
    drained(platform)
    follows = [requests.follow(pair) for pair in requests.new_follows(people, 1)]
    bench.scenario("follow", wrk(url, follows, bench.seconds))
    drained(platform)
    bench.scenario("read", wrk(url, _unread(bench), bench.seconds))
    drained(platform)


def _unread(bench: Bench) -> list[Request]:
    """Marking one's notifications as read, one by one."""
    tokens = {person.id: person.token for person in bench.platform.people}
    return [
        Request(f"{requests.API}/notification/{each}/read", tokens[owner], "PUT")
        for each, owner in unread_of(bench.platform, list(tokens))
    ]
