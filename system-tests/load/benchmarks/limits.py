"""How the platform behaves at its limits: deep pages, and more requests than it can serve."""

import time
from typing import Final

import httpx

from load import dataset
from load.bench import Bench
from load.generators import Request, hey, paced
from load.measured import Measured, Ratio, of_samples, percentile
from load.platform import API, Platform
from load.registry import benchmark

_PAGES: Final = 1000
_PART: Final = 50
_CAPACITY_CONNECTIONS: Final = 32
_BURST_CONNECTIONS: Final = 1024
_BURST: Final = 5


@benchmark("pages", "20,000 posts from page 1 to page 1,000 by cursor", default=True)
def pages(bench: Bench) -> None:
    """What the last pages cost, divided by what the first ones do (medians)."""
    latencies = list(_walked(bench.platform))
    first, last = latencies[:_PART], latencies[-_PART:]
    bench.scenario("page_by_cursor", of_samples(latencies, sum(latencies) / 1000))
    pairs = [end / begin for begin, end in zip(sorted(first), sorted(last), strict=True)]
    middle = percentile(last, 0.5) / percentile(first, 0.5)
    bench.ratio("page_1000/page_1_time", Ratio(middle, min(pairs), max(pairs), _PART))


def _walked(platform: Platform) -> list[float]:
    """The time of every page in milliseconds."""
    token, latencies, cursor = platform.people[0].token, [], ""
    fields = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=platform.url + API, headers=fields, timeout=20) as http:
        for _ in range(min(_PAGES, dataset.POSTS // 20)):
            begun = time.perf_counter()
            answer = http.get("/posts/list", params={"limit": 20, "cursor": cursor})
            latencies.append((time.perf_counter() - begun) * 1000)
            answer.raise_for_status()
            cursor = answer.json()["data"].get("next_cursor", "")
            if not cursor:
                break
    return latencies


@benchmark("burst", "reads at five times the rate that can be served: who is shed, how fast")
def burst(bench: Bench) -> None:
    """At half the capacity, then at five times; answers are told apart by status."""
    platform = bench.platform
    request = Request(f"{API}/notification/feed", platform.people[0].token)
    url, seconds, few = platform.url, bench.seconds, _CAPACITY_CONNECTIONS
    most = hey(url, request, seconds, connections=few, rate=1e6).get(200, Measured(1))
    calm = paced(url, [request], seconds, connections=few, rate=most.rps / 2)
    rate = most.rps * _BURST
    wild = paced(url, [request], seconds * 2, connections=_BURST_CONNECTIONS, rate=rate)
    bench.note("burst_capacity_rps", most.rps)
    bench.scenario("calm", calm[200])
    bench.scenario("burst_answered", wild.get(200, Measured(0)))
    bench.scenario("burst_shed", wild.get(503, Measured(0)))
    other = sum(each.requests for status, each in wild.items() if status not in (200, 503))
    bench.note("burst_other_answers", float(other))
    worse = wild.get(200, Measured(0)).p99_ms / max(calm[200].p99_ms, 0.001)
    bench.note("burst_p99_times_calm", worse)
    bench.note("burst_answered_share_of_capacity", wild.get(200, Measured(0)).rps / most.rps)
