"""Uploads: what pictures that come and are processed do to reads."""

import time
from typing import Final

import httpx

from load.bench import Bench
from load.floors import bare_sink, busy_core
from load.generators import Request
from load.measured import Measured, ratio
from load.platform import API
from load.processes import watched
from load.registry import benchmark
from load.steady import Steady
from load.uploading import Upload, Uploading

UPLOADS_A_SECOND: Final = 20
READS_A_SECOND: Final = 200
WARM_SECONDS: Final = 8.0
"""Until the time of processing that was saved up is spent, and pictures wait for its share."""
SETTLE_SECONDS: Final = 3.0
ROUNDS: Final = 5


@benchmark("uploads", "the p99 of reads while 20 pictures of 1 MiB a second come, and without them")
def uploads(bench: Bench) -> None:
    """`uploads_read_p99` is the ratio of the two; the promise is 2 at most.

    `sink_read_p99` is the same of reads while those pictures go to a process that forgets them, and
    another of idle priority uses the time of one core that nobody wants: what the machine itself
    adds, the generator included.
    """
    platform, pairs, floors = bench.platform, [], []
    read = Request(f"{API}/posts/7", platform.people[0].token)
    tokens = [person.token for person in platform.people[1:]]  # the reader reads

    def reads() -> Measured:
        found = Steady(platform.url, read, READS_A_SECOND, bench.seconds).measured()
        if set(found) != {httpx.codes.OK}:
            raise RuntimeError(f"reads were answered with {sorted(found)}")
        return found[httpx.codes.OK]

    reads()
    for number in range(ROUNDS):
        idle = bench.scenario(f"read_idle_{number}", reads())
        seconds = bench.seconds + WARM_SECONDS + 1
        coming = Uploading(platform.url, tokens, UPLOADS_A_SECOND, seconds)
        time.sleep(WARM_SECONDS)
        with watched(platform.all_pids) as watch:
            meanwhile = bench.scenario(f"read_meanwhile_{number}", reads())
        bench.findings.usage[f"uploads_{number}"] = watch.usage
        came = coming.over()
        bench.scenario(f"upload_{number}", coming.measured(came))
        _forget(platform.url, tokens, came)
        with bare_sink() as sink, busy_core():
            coming = Uploading(sink, tokens, UPLOADS_A_SECOND, seconds)
            time.sleep(WARM_SECONDS)
            floor = bench.floor(f"read_sink_{number}", reads())
            coming.over()
        pairs.append((meanwhile.p99_ms, idle.p99_ms))
        floors.append((floor.p99_ms, idle.p99_ms))
    bench.ratio("uploads_read_p99", ratio(pairs))
    bench.ratio("sink_read_p99", ratio(floors))


def _forget(url: str, tokens: list[str], uploads: list[Upload]) -> None:
    """Delete what waits to be processed: twenty a second are more than two cores process."""
    with httpx.Client(base_url=url, timeout=20) as http:
        for upload in uploads:
            fields = {"authorization": f"Bearer {tokens[upload.token]}"}
            http.delete(f"{API}/media/{upload.id}", headers=fields)
    time.sleep(SETTLE_SECONDS)
