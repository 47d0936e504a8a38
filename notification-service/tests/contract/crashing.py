"""Units of work of a process that dies right before their commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from notification_service.application.units import UnitOfWork, Units


class Crash(BaseException):
    """The process is gone; nothing in it handles this."""


class CrashingUnits:
    """Does everything that a unit is asked for, and then never commits."""

    def __init__(self, units: Units) -> None:
        self._units = units

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with self._units.begin() as unit:
            yield unit
            raise Crash
