"""One open connection: who it belongs to, what it has seen, what is due when."""

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from service_kit.errors import Unavailable

from api_gateway.application.live import closing
from api_gateway.application.live.closing import Closing
from api_gateway.application.live.deliveries import Deliveries, Receiver
from api_gateway.application.live.frames import Frame, error_frame, plain_frame
from api_gateway.application.live.limits import Limits
from api_gateway.application.live.outgoing import Outgoing
from api_gateway.application.live.ports import Carrier
from api_gateway.application.live.session import Phase, Session
from api_gateway.application.live.timers import Timers
from api_gateway.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all connections of a process share.

    `clock` tells Unix seconds, as tokens do. `monotonic` tells those of the timers, which a clock
    that is set back must not hold up.
    """

    limits: Limits
    timers: Timers
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    deliveries: Deliveries


class Home(Protocol):
    """Where the connections of one user meet."""

    def resume(self, connection: "Connection", after_seq: int | None) -> None:
        """Let it go on after a seq; None: from now."""
        ...

    def missing(self) -> None:
        """One of them misses entries, and has room for them."""
        ...


class Connection:
    """A client that is connected."""

    __slots__ = (
        "_around",
        "_bad",
        "_beat_at",
        "_home",
        "_impatient_at",
        "_outgoing",
        "_receiver",
        "_sent_at_beat",
        "_timer",
        "_warned",
        "aborted",
        "principal",
        "session",
    )

    def __init__(
        self, principal: Principal, carrier: Carrier, around: Surroundings, home: Home
    ) -> None:
        now, limits = around.monotonic(), around.limits
        self.principal = principal
        self.session = Session()
        self.aborted = False
        self._around = around
        self._home = home
        self._outgoing = Outgoing(carrier, limits.queue, self._drained, self._delivered)
        # Below 2^53, and unlike any other of a week.
        number = random.getrandbits(52)
        self._receiver = Receiver(principal.user_id, principal.session_id, number, carrier.name)
        self._bad = 0
        self._sent_at_beat = -1
        self._warned = False
        # Clients that came back together after an outage must not all be pinged at once.
        self._beat_at = now + limits.heartbeat_seconds * random.uniform(0.5, 1.0)  # noqa: S311
        self._impatient_at = now + limits.resume_seconds
        self._timer = around.timers.at(self._due(), self._tick)

    @property
    def closing(self) -> Closing | None:
        """Why it is being closed; None while it is not."""
        return self._outgoing.closing

    @property
    def wants_page(self) -> bool:
        """Whether entries are missing, and there is room for them."""
        if self.session.missing is None or self.closing is not None:
            return False
        return self._outgoing.has_room(2 * self._around.limits.page)

    def opened(self) -> None:
        """The carrier takes frames from now on."""
        self._outgoing.opened()

    def offer(self, frames: Iterable[Frame]) -> None:
        """Send frames, in order; a client that does not keep up is closed."""
        if self.closing is None and not self._outgoing.offer(frames):
            self.close(closing.TOO_SLOW)

    def refuse(self, code: str, message: str) -> None:
        """Answer a frame that makes no sense; too many in a row, and the client is closed."""
        self._bad += 1
        if self._bad >= self._around.limits.bad_frames:
            self.close(closing.TOO_MANY_BAD)
        else:
            self.offer([error_frame(code, message)])

    def understood(self) -> None:
        """A frame made sense."""
        self._bad = 0

    def resume(self, after_seq: int | None) -> None:
        """Let the client go on after a seq; None: from now."""
        self._impatient_at = self._around.monotonic() + self._around.limits.answer_seconds
        self._home.resume(self, after_seq)
        self._schedule()

    def renew(self, principal: Principal) -> None:
        """Live as long as a new token does."""
        self.principal, self._warned = principal, False
        self._schedule()

    def close(self, why: Closing) -> None:
        """Close; what is queued is dropped, as the client resumes."""
        if self.closing is not None:
            return
        self._outgoing.close(why)
        self._timer.cancel()
        due = self._around.monotonic() + self._around.limits.closing_seconds
        self._timer = self._around.timers.at(due, self.abort)

    def abort(self) -> None:
        """Let a client go that does not even take its close frame."""
        self.aborted = True
        self._outgoing.abort()

    async def finish(self) -> None:
        """The carrier has ended; nothing is sent and nothing is due any more."""
        self._timer.cancel()
        await self._outgoing.finish()

    def _delivered(self, seq: int) -> None:
        self._around.deliveries.sent(self._receiver, seq)

    def _drained(self) -> None:
        if self.wants_page:
            self._home.missing()

    def _due(self) -> float:
        expires = self.principal.expires_at
        if not self._warned:
            expires -= self._around.limits.warning_seconds
        left = expires - self._around.clock()
        due = min(self._around.monotonic() + left, self._beat_at)
        return due if self.session.phase is Phase.LIVE else min(due, self._impatient_at)

    def _schedule(self) -> None:
        if self.closing is None:  # one that is being closed waits for its abort alone
            self._timer.cancel()
            self._timer = self._around.timers.at(self._due(), self._tick)

    def _tick(self) -> None:
        now, left = self._around.monotonic(), self.principal.expires_at - self._around.clock()
        if left <= 0:
            self.close(closing.TOKEN_EXPIRED)
            return
        if not self._warned and left <= self._around.limits.warning_seconds:
            self._warned = True
            self.offer([plain_frame("token_expiring")])
        if now >= self._beat_at:
            self._beat(now)
        if self.session.phase is not Phase.LIVE and now >= self._impatient_at:
            self._hurry()
        self._schedule()

    def _beat(self, now: float) -> None:
        """Say that this end lives; a client that took nothing since the last time is too slow."""
        self._beat_at = now + self._around.limits.heartbeat_seconds
        if self._outgoing.busy and self._outgoing.sent == self._sent_at_beat:
            self.close(closing.TOO_SLOW)
        else:
            self._sent_at_beat = self._outgoing.sent
            self.offer([plain_frame("ping")])

    def _hurry(self) -> None:
        """A client said nothing, and goes on from now; or it waits for inboxes that are away."""
        if self.session.phase is Phase.WAITING:
            self.resume(None)
        else:
            self._impatient_at = math.inf
            self.offer([error_frame(Unavailable.code, Unavailable.message)])
