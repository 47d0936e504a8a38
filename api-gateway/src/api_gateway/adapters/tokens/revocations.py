"""Which tokens are void before their time, followed from auth-service's log of revocations."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Final, cast

from service_kit import logs
from service_kit.backoff import Delays
from service_kit.errors import AppError, Unavailable

from api_gateway.adapters.tokens.void_tokens import VoidTokens
from api_gateway.application.ports import CaughtUp, Heartbeat, LoggedRevocation, RevocationLog
from api_gateway.domain.principal import Principal, Revoked

RETENTION_SECONDS: Final = 24 * 3600.0
"""How long a revocation is kept, and so how long a token may live at the most."""
_PRUNING_SECONDS: Final = 60.0
"""Between two looks for revocations that no living token is left of."""
_SILENCE_SECONDS: Final = 25.0
"""Without even a heartbeat for so long, the stream is broken."""
_DELAYS: Final = Delays(first=0.1, longest=2.0)

Event = LoggedRevocation | CaughtUp | Heartbeat


class WatchedRevocations:
    """The revocations that matter to a living token.

    Nothing is trusted before the log was read once: a revoked token must not pass because the
    gateway has just started. After that a log that is away takes nothing back: what is known
    stays, and what came meanwhile is read first when it is there again.
    """

    def __init__(
        self,
        log: RevocationLog,
        clock: Callable[[], float] = time.time,
        silence_seconds: float = _SILENCE_SECONDS,
        delays: Delays = _DELAYS,
    ) -> None:
        self._log = log
        self._clock = clock
        self._silence_seconds = silence_seconds
        self._delays = delays
        self._failures = 0
        self._by_user: dict[int, VoidTokens] = {}
        self._pruned_at = 0.0
        self._watchers: set[asyncio.Queue[Revoked]] = set()
        self._last_id = 0
        self.caught_up = asyncio.Event()

    def cover(self, principal: Principal) -> bool:
        """Whether a token is void. Raises Unavailable before the log was read once."""
        self._require_caught_up()
        known = self._by_user.get(principal.user_id)
        return known is not None and known.cover(principal)

    async def check(self) -> None:
        """Raise Unavailable before the log was read once."""
        self._require_caught_up()

    async def read_once(self, patience: float) -> None:
        """Return when the log was read once, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.caught_up.wait()

    def _require_caught_up(self) -> None:
        if not self.caught_up.is_set():
            raise Unavailable

    @asynccontextmanager
    async def watch(self) -> AsyncGenerator[AsyncIterator[Revoked], None]:
        """Revocations from now on, while the block runs."""
        queue: asyncio.Queue[Revoked] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield _items(queue)
        finally:
            self._watchers.discard(queue)

    async def follow(self) -> None:
        """Follow the log forever, over every break of it."""
        while True:
            try:
                await self._read()
            except (AppError, TimeoutError) as error:
                if not self._failures:
                    reason = str(error) or "silence"
                    logs.get(__name__).warning("revocations are away", reason=reason)
            self._failures += 1
            await asyncio.sleep(self._delays.after(self._failures))

    async def _read(self) -> None:
        """One stream, up to its end or its silence."""
        stream = cast(AsyncGenerator[Event, None], self._log.follow(self._last_id))
        async with aclosing(stream):
            while True:
                async with asyncio.timeout(self._silence_seconds):
                    event = await anext(stream, None)
                if event is None:
                    return
                self._failures = 0
                self._apply(event)

    def _apply(self, event: Event) -> None:
        if isinstance(event, LoggedRevocation):
            self._last_id = max(self._last_id, event.id)
            self.note(event.revoked)
        elif isinstance(event, CaughtUp):
            # A log that is behind what was read is another one (restored): it is read from its
            # beginning next time, and nothing that is known is forgotten.
            self._last_id = 0 if event.last_id < self._last_id else event.last_id
            self.caught_up.set()
        self._prune()

    def note(self, revoked: Revoked) -> None:
        """Keep a revocation, and tell all who watch."""
        self._by_user.setdefault(revoked.user_id, VoidTokens()).add(revoked)
        for queue in self._watchers:
            queue.put_nowait(revoked)

    def _prune(self) -> None:
        """A stream may live for months: with what it tells, and its heartbeats, comes the time."""
        now = self._clock()
        if now - self._pruned_at < _PRUNING_SECONDS:
            return
        self._pruned_at = now
        for user_id, known in list(self._by_user.items()):
            if not known.prune(now - RETENTION_SECONDS):
                del self._by_user[user_id]


async def _items(queue: asyncio.Queue[Revoked]) -> AsyncIterator[Revoked]:
    while True:
        yield await queue.get()
