"""What a chaos run is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psutil

PLANTS: Final = ("relay-skips", "commit-first", "inbox-without-key")

# Three JVMs of 256 MiB heap (half a gigabyte each with all they use), and the rest of the platform.
_THREE_BROKERS_NEED: Final = 4 * 1024**3


class InvalidChoice(Exception):
    """A variable that makes no sense; the message names it."""


@dataclass(frozen=True, slots=True)
class ChaosSettings:
    """One run: `seconds` of load at `rate` requests a second, faults drawn from `seed`.

    `replicas` of every service (the gateway and notification-service have two at least), `outage`
    seconds without any broker in place of the usual faults, `plant` a fault of our own making
    that the checker has to find, `targets` what faults are limited to.
    """

    seconds: float = 600.0
    seed: int = 1
    rate: float = 20.0
    brokers: int = 1
    replicas: int = 1
    outage: float = 0.0
    plant: str = ""
    targets: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ChaosSettings":
        """Read CHAOS_… and PLANT; raises InvalidChoice naming the variable."""
        plant = environment.get("PLANT", "")
        if plant and plant not in PLANTS:
            raise InvalidChoice(f"PLANT={plant} is unknown: it can be {', '.join(PLANTS)}")
        targets = environment.get("CHAOS_TARGETS", "")
        return cls(
            seconds=_number(environment, "CHAOS_SECONDS", 600),
            seed=int(_number(environment, "CHAOS_SEED", 1)),
            rate=_number(environment, "CHAOS_RATE", 20),
            brokers=int(_number(environment, "CHAOS_BROKERS", affordable_brokers())),
            replicas=int(_number(environment, "CHAOS_REPLICAS", 1)),
            outage=_number(environment, "CHAOS_OUTAGE_SECONDS", 0),
            plant=plant,
            targets=tuple(part for part in targets.split(",") if part),
        )


def affordable_brokers() -> int:
    """Three where memory allows, else one."""
    return 3 if psutil.virtual_memory().available >= _THREE_BROKERS_NEED else 1


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        number = float(text)
    except ValueError:
        raise InvalidChoice(f"{name}={text} must be a number") from None
    if number < 0:
        raise InvalidChoice(f"{name}={text} must not be negative")
    return number
