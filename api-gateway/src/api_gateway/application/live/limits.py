"""How much of everything live connections may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds. The defaults are those of contracts, part 4, where it names them."""

    connections: int = 10_000
    """Held by this process."""
    connections_per_user: int = 10
    """Held by this process; a platform of several replicas holds as many times more."""
    queue: int = 256
    """Frames that wait for a slow client; with more it is closed."""
    page: int = 100
    """Entries fetched at once: under 2 MiB with payloads of 16 KiB, and under half of the queue."""
    fetches: int = 32
    """Fetches at once: after an outage all connections may want theirs."""
    bad_frames: int = 10
    """In a row; then the client is closed."""
    resume_seconds: float = 10.0
    """A client that says nothing for so long goes on from now."""
    answer_seconds: float = 3.0
    """A client whose `resume` waits longer, as the inboxes are away, is told so."""
    heartbeat_seconds: float = 25.0
    warning_seconds: float = 60.0
    """Before a token expires."""
    closing_seconds: float = 5.0
    """For a slow client to take its close frame."""
    reconcile_seconds: float = 60.0
    """In which every inbox is asked once where it stands, to hear of what was lost unseen."""
    tick_seconds: float = 0.25
    """Between two looks at the timers."""
