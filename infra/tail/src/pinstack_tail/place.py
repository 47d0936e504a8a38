"""Where in the inbox a client is: its whole state is one number."""

from dataclasses import dataclass


class Gap(Exception):
    """A seq was left out; coming back with the last one seen brings it."""


@dataclass(slots=True)
class Place:
    """The last seq that was seen; None until the server has said where "now" is."""

    seq: int | None = None

    def start(self, seq: int) -> None:
        """The server is ready; one that asked for nothing in particular goes on from its seq."""
        if self.seq is None:
            self.seq = seq

    def step(self, seq: int) -> bool:
        """Go to the next place; False for one seen before. Raises Gap."""
        last = self.seq or 0
        if seq > last + 1:
            raise Gap(f"after {last} came {seq}")
        if seq <= last:
            return False
        self.seq = seq
        return True
