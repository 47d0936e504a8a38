"""Pages by number, which are kept for compatibility and end where services stop counting rows."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from api_gateway.domain.page import Page, PageRequest

T = TypeVar("T")

DEEPEST_ROW: Final = 100_000
"""Services refuse to skip more rows; whoever goes deeper uses the cursor."""


async def within_reach(
    request: PageRequest, read: Callable[[PageRequest], Awaitable[Page[T]]]
) -> Page[T]:
    """The page that is asked for; one that begins below the deepest row is empty.

    So a number far beyond the end of a list is answered as one just beyond it.
    """
    if request.cursor or request.offset <= DEEPEST_ROW:
        return await read(request)
    return emptied(await read(PageRequest(limit=request.limit)))


def emptied(page: Page[T]) -> Page[T]:
    """The totals of a list, and nothing of it."""
    return replace(page, items=(), next_cursor="")
