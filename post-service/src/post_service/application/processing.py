"""What becomes of uploads beside the requests: processed in turn, swept when nothing shows them."""

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from post_service.application.media import INCOMING, SHOWN
from post_service.application.media_ports import Objects, Processors, Resumables, Turns, Uploads
from post_service.domain.errors import Unavailable
from post_service.domain.media import Job, Outcome, ProcessingFailed, WorkerDied

LEASE: Final = timedelta(minutes=5)
"""How long an upload is nobody else's; longer than processing may take."""
_ATTEMPTS: Final = 3
_PAUSE: Final = timedelta(seconds=5)
_POLL_SECONDS: Final = 5.0
_LATE: Final = timedelta(hours=1)
"""After this nobody writes any more what has been deleted."""
_UNCLAIMED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Processing:
    """The work on one upload after the other."""

    uploads: Uploads
    objects: Objects
    processors: Processors

    async def next(self) -> bool:
        """Work on the oldest upload that waits; False where none does.

        A crash leaves it to whoever claims it after the lease; after three attempts it has failed.
        While the store is away nothing is attempted: raises `Unavailable`.
        """
        job = await self.uploads.claim(LEASE)
        if job is None:
            return False
        try:
            if job.attempt > _ATTEMPTS:
                raise ProcessingFailed("it could not be processed")
            is_wanted = await self.uploads.finish(job.upload.id, await self._processed(job))
        except ProcessingFailed as failure:
            is_wanted = await self.uploads.fail(job.upload.id, str(failure))
        except WorkerDied:
            await self.uploads.release(job.upload.id, _PAUSE)
            return True
        except Unavailable:
            await self.uploads.give_back(job.upload.id, _PAUSE)
            raise
        if not is_wanted:
            await self._withdraw(job)
        await self.objects.delete(job.source)
        return True

    async def _processed(self, job: Job) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="pinstack-media-") as name:
            source, folder = Path(name, "source"), Path(name, "shown")
            await asyncio.to_thread(folder.mkdir)
            await self._fetch(job, source)
            upload = job.upload
            # Whatever found no idle time at its first attempt does not wait for any again.
            outcome = await self.processors.process(
                source, folder, upload.content_type, in_idle_time=job.attempt == 1
            )
            for variant in outcome.variants:
                key = f"{SHOWN}/{upload.stem}/{variant.file}"
                await self.objects.put_file(key, folder / variant.file, variant.content_type)
            return outcome

    async def _fetch(self, job: Job, target: Path) -> None:
        file = await asyncio.to_thread(target.open, "wb")
        with file:
            for key in job.source:
                async for chunk in self.objects.read(key, 0, job.upload.bytes):
                    await asyncio.to_thread(file.write, chunk)

    async def _withdraw(self, job: Job) -> None:
        """Take back what was made of an upload that is gone by now."""
        folder = f"{SHOWN}/{job.upload.stem}"
        await self.objects.delete([part.key async for part in self.objects.under(folder)])


@dataclass(slots=True)
class Workers:
    """Goes through the uploads that wait, whenever it is woken and every few seconds besides."""

    processing: Processing
    turns: Turns
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    async def round(self) -> None:
        """Wait to be woken, then go through all that waits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._woken.wait()
        self._woken.clear()
        await self.turns.turn()
        while await self.processing.next():
            await self.turns.turn()


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Deletes what nothing shows, and what crashes have left."""

    uploads: Uploads
    resumables: Resumables
    objects: Objects

    async def sweep(self) -> None:
        """One round. Each step can be repeated; a crash loses none."""
        await self.resumables.expire()
        while await self.uploads.expire():
            pass
        doomed = await self.uploads.doomed()
        for key in doomed:
            under = [part.key async for part in self.objects.under(key)]
            await self.objects.delete([key, *under])
        await self.uploads.forget_doomed(doomed, _LATE)
        await self._clear_incoming()
        await self.objects.clear_unfinished(_LATE)

    async def _clear_incoming(self) -> None:
        before = datetime.now(UTC) - _UNCLAIMED
        old = [
            part.key async for part in self.objects.under(INCOMING) if part.last_modified < before
        ]
        known = await self.uploads.known_sources(old)
        await self.objects.delete([key for key in old if key not in known])
