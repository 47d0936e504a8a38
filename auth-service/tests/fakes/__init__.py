"""Hand-written doubles of the ports."""

from tests.fakes.outside import (
    Clock,
    InMemoryUsers,
    PlainPasswords,
    PlainTokens,
    ProcessDies,
)
from tests.fakes.storage import (
    InMemoryCredentials,
    InMemoryGuesses,
    InMemoryRegistrations,
    InMemoryRevocations,
    InMemorySessions,
    InMemorySigningKeys,
    Tables,
)
from tests.fakes.units import InMemoryUnits

__all__ = [
    "Clock",
    "InMemoryCredentials",
    "InMemoryGuesses",
    "InMemoryRegistrations",
    "InMemoryRevocations",
    "InMemorySessions",
    "InMemorySigningKeys",
    "InMemoryUnits",
    "InMemoryUsers",
    "PlainPasswords",
    "PlainTokens",
    "ProcessDies",
    "Tables",
]
