"""UUIDs in order of time."""

import subprocess
import sys
import time
from uuid import RFC_4122

from service_kit.uuid7 import uuid7


def test_it_has_the_version_and_the_variant_of_the_rfc() -> None:
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)


def test_its_first_48_bits_are_the_time_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    stamp = uuid7().int >> 80
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_a_thousand_of_them_are_different() -> None:
    assert len({uuid7() for _ in range(1000)}) == 1000


def test_a_fork_makes_others_than_its_parent() -> None:
    script = """
import os
from service_kit.uuid7 import uuid7
uuid7()
child = os.fork()
os.write(1, b"%d " % (uuid7().int & (1 << 62) - 1))
if child:
    os.waitpid(child, 0)
"""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert len(set(done.stdout.split())) == 2
