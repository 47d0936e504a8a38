"""The reads of clients, one after the other."""

from load.bench import Bench
from load.generators import Request, wrk
from load.platform import API
from load.registry import benchmark


@benchmark("reads", "each read: post hot and cold, user, lists, feed, unread count", default=True)
def reads(bench: Bench) -> None:
    """Every read on its own."""
    platform = bench.platform
    token = platform.people[0].token
    bench.scenario("post_hot", wrk(platform.url, [Request(f"{API}/posts/7", token)], bench.seconds))
