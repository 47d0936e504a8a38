"""Logins: what a flood of them does to reads, and whether their failures can be told apart."""

import json
import time
from typing import Final

import httpx

from load import dataset
from load.bench import Bench
from load.floors import busy_core
from load.generators import Request
from load.loading import PASSWORD
from load.measured import Measured, of_samples, ratio
from load.platform import API
from load.processes import watched
from load.ranks import deviation, superiority
from load.registry import benchmark
from load.steady import Steady

LOGINS_A_SECOND: Final = 200
READS_A_SECOND: Final = 200
WARM_SECONDS: Final = 9.0
"""Until the time of hashing that was saved up is spent, and what comes beyond its share is shed."""
ROUNDS: Final = 5
SAMPLES: Final = 200


@benchmark("login_flood", "the p99 of reads while 200 people a second log in, and without them")
def login_flood(bench: Bench) -> None:
    """`login_flood_read_p99` is the ratio of the two; the promise is 2 at most.

    `busy_core_read_p99` is the same of reads while a process of idle priority merely uses the time
    of one core that nobody wants: what the machine itself adds as soon as somebody computes.
    """
    platform, pairs, floors = bench.platform, [], []
    read = Request(f"{API}/posts/7", platform.people[0].token)
    body = {"login": dataset.username(2), "password": PASSWORD}
    login = Request(f"{API}/auth/login", method="POST", body=json.dumps(body))

    def reads() -> Measured:
        found = Steady(platform.url, read, READS_A_SECOND, bench.seconds).measured()
        if set(found) != {httpx.codes.OK}:
            raise RuntimeError(f"reads were answered with {sorted(found)}")
        return found[httpx.codes.OK]

    reads()
    for number in range(ROUNDS):
        idle = bench.scenario(f"read_idle_{number}", reads())
        with busy_core():
            busy = bench.floor(f"read_busy_core_{number}", reads())
        flood = Steady(platform.url, login, LOGINS_A_SECOND, bench.seconds + WARM_SECONDS + 1)
        time.sleep(WARM_SECONDS)
        with watched(platform.all_pids) as watch:
            flooded = bench.scenario(f"read_flooded_{number}", reads())
        bench.findings.usage[f"login_flood_{number}"] = watch.usage
        for status, measured in sorted(flood.measured().items()):
            bench.scenario(f"login_{status}_{number}", measured)
        pairs.append((flooded.p99_ms, idle.p99_ms))
        floors.append((busy.p99_ms, idle.p99_ms))
    bench.ratio("login_flood_read_p99", ratio(pairs))
    bench.ratio("busy_core_read_p99", ratio(floors))


@benchmark("login_timing", "an unknown account and a wrong password: 200 interleaved pairs")
def login_timing(bench: Bench) -> None:
    """`login_timing_superiority`: how often one takes longer than the other; alike is 0.5."""
    known: list[float] = []
    unknown: list[float] = []
    with httpx.Client(base_url=bench.platform.url, timeout=10) as http:
        for number in range(SAMPLES):
            sides = [(known, dataset.username(3)), (unknown, f"nobody-{number}")]
            for kept, login in sides if number % 2 == 0 else reversed(sides):
                kept.append(_failed_login(http, login))
    bench.scenario("login_known", of_samples(known, sum(known) / 1000))
    bench.scenario("login_unknown", of_samples(unknown, sum(unknown) / 1000))
    bench.note("login_timing_superiority", round(superiority(known, unknown), 4))
    bench.note("login_timing_deviation", round(deviation(len(known), len(unknown)), 4))


def _failed_login(http: httpx.Client, login: str) -> float:
    """Milliseconds until somebody is told that a password is wrong."""
    started = time.perf_counter()
    body = {"login": login, "password": "not the password"}
    answer = http.post(f"{API}/auth/login", json=body)
    taken = (time.perf_counter() - started) * 1000
    if answer.status_code != httpx.codes.UNAUTHORIZED:
        raise RuntimeError(f"a failed login was answered with {answer.status_code}")
    return taken
