"""Which fault comes when: drawn from a seed before the run begins."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Faults come closer together than some of them take to heal: they overlap.
_PAUSE: Final = (3.0, 8.0)
_HELD: Final = (0.5, 6.0)
QUIET_START: Final = 6.0
QUIET_END: Final = 3.0


class Kind(StrEnum):
    """What is done to a process."""

    KILL = "kill"  # SIGKILL, and a start a little later
    FREEZE = "freeze"  # SIGSTOP, and SIGCONT a little later
    RESTART = "restart"  # an orderly end, and a start at once
    FLUSH = "flush"  # FLUSHALL, for Redis
    OUTAGE = "outage"  # all brokers killed, and started again


@dataclass(frozen=True, slots=True)
class Fault:
    """At `at` seconds, `kind` befalls the process `target`; a start or SIGCONT is `held` later."""

    at: float
    target: str
    kind: Kind
    held: float


def schedule(seed: int, seconds: float, targets: Sequence[str]) -> list[Fault]:
    """Faults for a run; `targets` are names of processes. The same seed gives the same faults.

    Each process is as likely as any other, and all of them come before one comes again.
    """
    dice = random.Random(f"{seed}/faults")  # noqa: S311 -- no secret
    faults: list[Fault] = []
    deck: list[str] = []
    at = QUIET_START
    while at < seconds - QUIET_END:
        deck = deck or dice.sample(sorted(targets), len(targets))
        target = deck.pop()
        faults.append(Fault(at, target, _kind(dice, target), dice.uniform(*_HELD)))
        at += dice.uniform(*_PAUSE)
    return faults


def outage(seconds: float, broker: str) -> list[Fault]:
    """One outage of all brokers, after a quiet start."""
    return [Fault(QUIET_START, broker, Kind.OUTAGE, seconds)]


def _kind(dice: random.Random, target: str) -> Kind:
    kinds = [Kind.KILL, Kind.KILL, Kind.FREEZE, Kind.RESTART]
    if target == "redis":
        kinds += [Kind.FLUSH, Kind.FLUSH]
    return dice.choice(kinds)
