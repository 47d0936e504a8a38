"""Parts of lists: which one is asked for, and what is in it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list: the one after `cursor` (a service's own), or else page number `page`.

    Pages count from 1.
    """

    page: int = 1
    limit: int = DEFAULT_LIMIT
    cursor: str = ""

    @property
    def offset(self) -> int:
        """How many items come before the page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list. `next_cursor` is the service's own and empty on the last page."""

    items: tuple[T, ...]
    total: int | None = None
    next_cursor: str = ""
    total_is_estimate: bool = False
