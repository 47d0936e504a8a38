"""The page at /live, as somebody sees it in a browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, Page, expect

from journeys.client import PATIENCE_SECONDS
from journeys.people import Person, Platform

PATIENCE: Final = PATIENCE_SECONDS * 1000
"""Milliseconds."""


class Window:
    """The page in a window of its own, and the complaints of the browser about it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self._note(line.type, line.text))

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    async def sign_in(self, person: Person) -> None:
        """Through the form."""
        await self.page.get_by_label("Username", exact=True).fill(person.username)
        await self.page.get_by_label("Password").fill(person.password)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()

    async def is_live(self, carrier: str = "WebSocket") -> None:
        """Wait until it is connected."""
        await expect(self.page.locator("#state")).to_have_text(f"live · {carrier}")

    async def shows(self, *texts: str | re.Pattern[str]) -> None:
        """Wait until the list has exactly these lines, newest first."""
        await expect(self.page.locator("#list .text")).to_have_text(list(texts))

    async def has_unread(self, count: int) -> None:
        """Wait until the bell says so."""
        name = f"Notifications, {count or 'none'} unread"
        await expect(self.page.get_by_role("button", name=name, exact=True)).to_be_visible()


@asynccontextmanager
async def window(
    browser: Browser, platform: Platform, *, gateway: int = 0, script: str = ""
) -> AsyncIterator[Window]:
    """The page as a new visitor sees it."""
    context = await browser.new_context()
    if script:
        await context.add_init_script(script)
    window = Window(await context.new_page())
    answer = await window.page.goto(f"{platform.gateway(gateway)}/live")
    assert answer is not None
    assert answer.status == 200
    try:
        yield window
    finally:
        await context.close()
