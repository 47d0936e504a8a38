"""How long to wait before coming back."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds: up to `first`, doubled with each failure in a row, up to `longest`.

    The whole delay is drawn by lot: thousands of clients that lost the same server must not all
    come back in the same moment ("full jitter", AWS Architecture Blog, 2015).
    """

    first: float = 0.5
    longest: float = 30.0

    def after(self, failures: int) -> float:
        """The delay after so many failures in a row (1 and more)."""
        most = min(self.longest, self.first * 2.0 ** min(failures - 1, 32))
        return random.uniform(0, most)  # noqa: S311 - spreads load, keeps no secret
