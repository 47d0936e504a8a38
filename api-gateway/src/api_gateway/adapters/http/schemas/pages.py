"""What all pages of lists say beside their items."""

from typing import Any, TypeVar

from api_gateway.domain.page import Page

T = TypeVar("T")


def page_content(found: Page[T], next_cursor: str, **numbers: int) -> dict[str, Any]:
    """The totals of a page, `numbers` such as its own, and the sealed cursor of the next one.

    What is not so is absent: a total that is no estimate, a cursor after the last page.
    """
    content: dict[str, Any] = {"total": found.total}
    if found.total_is_estimate:
        content["total_is_estimate"] = True
    content |= numbers
    if next_cursor:
        content["next_cursor"] = next_cursor
    return content
