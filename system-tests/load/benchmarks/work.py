"""The writes of clients, the mix of reads and writes, and what they leave behind."""

from functools import partial

from load import requests
from load.backlog import drained, notifications, unread_of
from load.bench import Bench
from load.generators import Request, wrk
from load.loading import PASSWORD
from load.platform import running
from load.processes import watched
from load.registry import benchmark

_MIX_CONNECTIONS = 8


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


@benchmark("mix", "the published mix, its fan-out counted until it is drained", default=True)
def mix(bench: Bench) -> None:
    """40 % author's posts, 25 % newest posts, 30 % new post, 5 % follow."""
    platform = bench.platform
    wanted, before = requests.mix(platform.people), notifications(platform)
    with watched(platform.all_pids) as watch:
        driven = wrk(platform.url, wanted, bench.seconds * 2, connections=_MIX_CONNECTIONS)
    bench.findings.usage["mix"] = watch.usage
    bench.scenario("mix", driven)
    left = drained(platform)
    bench.note("mix_connections", float(_MIX_CONNECTIONS))
    bench.note("mix_backlog_events", float(left.events))
    bench.note("mix_backlog_drained_seconds", left.seconds)
    bench.note("mix_notifications_made", float(left.notifications - before))
