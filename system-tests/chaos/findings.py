"""What a check has to say."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """What is wrong: any of them fails a run."""

    LOST = "lost"  # an acknowledged request lacks an effect
    DOUBLED = "doubled"  # an effect is there twice, or nobody asked for it
    OUT_OF_ORDER = "out_of_order"
    INCONSISTENT = "inconsistent"  # two places that must agree do not
    CRASHED = "crashed"  # a service ended, or did not end, by itself


class Finding(NamedTuple):
    """One thing that is wrong."""

    fault: Fault
    what: str


def count(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each fault, those that are absent included."""
    found = Counter(finding.fault for finding in findings)
    return {fault.value: found[fault] for fault in Fault}


def lost(what: str) -> Finding:
    """An acknowledged request lacks an effect."""
    return Finding(Fault.LOST, what)


def doubled(what: str) -> Finding:
    """An effect is there that nobody asked for, or too often."""
    return Finding(Fault.DOUBLED, what)


def out_of_order(what: str) -> Finding:
    """What came later is told first."""
    return Finding(Fault.OUT_OF_ORDER, what)


def crashed(what: str) -> Finding:
    """A service ended while nobody harmed it, did not end when told to, or did not come back."""
    return Finding(Fault.CRASHED, what)


def inconsistent(what: str) -> Finding:
    """Two places that must agree do not."""
    return Finding(Fault.INCONSISTENT, what)
