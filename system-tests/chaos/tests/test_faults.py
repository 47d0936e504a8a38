"""The schedule of faults comes from the seed alone."""

import itertools

from chaos.faults import Kind, schedule

TARGETS = ("api-gateway", "kafka", "kafka-2", "postgres", "redis", "user-service")


def test_the_same_seed_gives_the_same_faults() -> None:
    assert schedule(7, 300, TARGETS) == schedule(7, 300, reversed_targets())
    assert schedule(7, 300, TARGETS) != schedule(8, 300, TARGETS)


def reversed_targets() -> tuple[str, ...]:
    """The same targets, found in another order."""
    return tuple(reversed(TARGETS))


def test_every_process_has_its_faults_and_every_kind_comes() -> None:
    faults = schedule(1, 600, TARGETS)
    assert {fault.target for fault in faults} == set(TARGETS)
    assert {fault.kind for fault in faults} == set(Kind) - {Kind.OUTAGE}
    assert {fault.target for fault in faults if fault.kind is Kind.FLUSH} == {"redis"}


def test_faults_lie_within_the_run_a_few_seconds_apart() -> None:
    times = [fault.at for fault in schedule(1, 600, TARGETS)]
    assert times == sorted(times)
    assert times[-1] < 600
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(3 <= gap <= 8 for gap in gaps)
