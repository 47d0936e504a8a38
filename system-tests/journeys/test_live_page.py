"""The page at /live in a real browser: what people see while things happen."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from playwright.async_api import Browser, async_playwright, expect

from journeys.machine import Machine
from journeys.people import Platform
from journeys.window import PATIENCE, window

NO_SOCKETS = """
const Real = WebSocket;
window.WebSocket = class extends Real {
  constructor(url, protocols) { super(url.replace("/ws", "/nowhere"), protocols); }
};
"""
"""Something on the way that lets no WebSocket through."""

ALWAYS_RESET = """
Math.random = () => 0.1;
window.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  constructor() {
    const { dataset } = document.documentElement;
    dataset.opened = `${dataset.opened ?? ""}${Math.round(performance.now())} `;
    const frames = [{ type: "ready", seq: 5000, unread: 0 }, { type: "reset", seq: 5000 }];
    setTimeout(() => frames.forEach((one) => this.onmessage({ data: JSON.stringify(one) })));
  }
  send() {}
  close() {}
};
"""
"""A server that resets whoever comes; delays are a tenth of the longest that they may be."""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium")
    if program is None:
        reason = "there is no chromium here (on Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        await chromium.close()


async def test_people_see_each_other_follow_and_post(browser: Browser, platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with (
        window(browser, platform) as adas,
        window(browser, platform, gateway=1) as tablet,
        window(browser, platform, gateway=1) as graces,
    ):
        for screen, person in ((adas, ada), (tablet, ada), (graces, grace)):
            await screen.sign_in(person)
            await screen.is_live()
        await graces.page.get_by_label("Their username").fill(ada.username)
        await graces.page.get_by_role("button", name="Follow").click()
        for screen in (adas, tablet):
            await screen.shows(f"{grace.username} follows you")
            await screen.has_unread(1)

        await adas.page.get_by_label("Title").fill("Notes on the engine")
        await adas.page.get_by_role("button", name="Post").click()
        await graces.shows(f"{ada.username} wrote “Notes on the engine”")

        await adas.page.get_by_role("button", name="Mark as read:").click()
        for screen in (adas, tablet):
            await screen.has_unread(0)
            await expect(screen.page.locator("#list li.read")).to_have_count(1)
        assert [*adas.complaints, *tablet.complaints, *graces.complaints] == []


async def test_an_account_is_made_on_the_page(browser: Browser, platform: Platform) -> None:
    (taken,) = await platform.people("taken")
    async with window(browser, platform) as screen:
        await screen.page.get_by_role("button", name="New here?").click()
        await screen.page.get_by_label("Username", exact=True).fill(taken.username)
        await screen.page.get_by_label("E-mail").fill(f"x-{taken.email}")
        await screen.page.get_by_label("Password").fill(taken.password)
        make = screen.page.get_by_role("button", name="Make an account")
        await make.click()
        await expect(screen.page.get_by_role("alert")).to_have_text("username already exists")
        await screen.page.get_by_label("Username", exact=True).fill(f"{taken.username}2")
        await make.click()
        await screen.is_live()
        await screen.page.get_by_role("button", name="Sign out").click()
        await expect(make).to_be_visible()


async def test_a_page_comes_back_after_its_gateway_died_and_shows_what_it_missed(
    browser: Browser, platform: Platform, machine: Machine
) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    async with window(browser, platform) as screen:
        await screen.sign_in(ada)
        await screen.is_live()
        await grace.follow(ada)
        await screen.shows(f"{grace.username} follows you")
        async with machine.dead("api-gateway"):
            await expect(screen.page.locator("#state")).to_contain_text("offline")
        await linus.follow(ada)
        await screen.shows(f"{linus.username} follows you", f"{grace.username} follows you")
        await screen.is_live()
        await screen.has_unread(2)


async def test_a_reset_whose_feed_cannot_be_read_is_asked_for_less_and_less_often(
    browser: Browser, platform: Platform
) -> None:
    (ada,) = await platform.people("ada")
    async with window(browser, platform, script=ALWAYS_RESET) as screen:
        feed = "**/notification/feed*"
        await screen.page.route(feed, lambda route: route.fulfill(status=503))
        await screen.page.route(feed, lambda route: route.continue_(), times=1)  # at the door
        await screen.sign_in(ada)
        root = screen.page.locator("html")
        await expect(root).to_have_attribute("data-opened", re.compile(r"(\d+ ){4}"))
        opened = (await root.get_attribute("data-opened") or "").split()
    waits = [int(later) - int(one) for one, later in pairwise(opened)]
    assert all(wait > least for wait, least in zip(waits, (95, 195, 395), strict=False)), waits


async def test_a_page_without_sockets_takes_the_stream_of_events(
    browser: Browser, platform: Platform
) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with window(browser, platform, script=NO_SOCKETS) as screen:
        await screen.sign_in(ada)
        await screen.is_live("SSE")
        await grace.follow(ada)
        await screen.shows(f"{grace.username} follows you")
        await screen.page.get_by_role("button", name="Mark all as read").click()
        await screen.has_unread(0)
        await ada.has_unread(0)


async def test_a_page_shows_what_its_owner_does_on_another_device(
    browser: Browser, platform: Platform
) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    async with window(browser, platform) as screen:
        await screen.sign_in(ada)
        await screen.is_live()
        await grace.follow(ada)
        await screen.shows(f"{grace.username} follows you")
        await linus.follow(ada)
        both = (f"{linus.username} follows you", f"{grace.username} follows you")
        await screen.shows(*both)
        unseen, unread = (
            screen.page.locator(f"#list li{kind}") for kind in (".unseen", ":not(.read)")
        )
        await expect(unseen).to_have_count(2)
        await ada.client.put("/notification/seen", {"up_to_seq": 1})
        await expect(unseen).to_have_count(1)
        await expect(unread).to_have_count(2)

        first = f"/notification/{(await ada.feed())[1]['id']}"
        await ada.client.put(f"{first}/archive")
        await screen.shows(both[0])
        await screen.has_unread(1)
        await ada.client.put(f"{first}/unarchive")
        await screen.shows(*both)
        await expect(unread).to_have_count(1)

        await ada.client.put("/notification/read-all", {"up_to_seq": 2})
        await expect(unread).to_have_count(0)
        assert screen.complaints == []


async def test_to_look_at_the_bell_is_to_see(browser: Browser, platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with window(browser, platform) as screen, window(browser, platform, gateway=1) as tablet:
        for one in (screen, tablet):
            await one.sign_in(ada)
            await one.is_live()
        await grace.follow(ada)
        for one in (screen, tablet):
            await expect(one.page.locator("#list li.unseen")).to_have_count(1)
        await screen.page.get_by_role("button", name="Notifications, 1 unread").click()
        for one in (screen, tablet):
            await expect(one.page.locator("#list li.unseen")).to_have_count(0)
            await one.has_unread(1)
        await screen.page.reload()
        await screen.sign_in(ada)
        await screen.shows(f"{grace.username} follows you")
        await expect(screen.page.locator("#list li.unseen")).to_have_count(0)


async def test_what_a_stranger_sends_is_text(browser: Browser, platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    markup = "<img src=x onerror=alert(1)>"
    async with window(browser, platform) as screen:
        await screen.sign_in(ada)
        await screen.is_live()
        body = {"user_id": ada.id, "type": "greeting", "payload": {"text": markup}}
        await grace.client.post("/notification/send", body)
        await screen.shows(re.compile(re.escape(markup)))
        assert await screen.page.locator("#list img").count() == 0
        assert screen.complaints == []


async def test_a_session_that_is_ended_elsewhere_leads_to_the_door(
    browser: Browser, platform: Platform
) -> None:
    (ada,) = await platform.people("ada")
    async with window(browser, platform) as screen:
        await screen.sign_in(ada)
        await screen.is_live()
        for session in (await ada.client.get("/auth/sessions")).data["sessions"]:
            if not session["current"]:
                await ada.client.delete(f"/auth/sessions/{session['id']}")
        await expect(screen.page.get_by_role("alert")).to_contain_text("Your session is over")


async def test_nothing_inline_and_nothing_foreign_may_run(
    browser: Browser, platform: Platform
) -> None:
    async with window(browser, platform) as screen:
        answer = await screen.page.reload()
        assert answer is not None
        fields = await answer.all_headers()
        policy = fields["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert fields["x-content-type-options"] == "nosniff"
        ran = "document.body.append(Object.assign(document.createElement('script'), {text: ''}))"
        with pytest.raises(Exception, match="TrustedScript"):
            await screen.page.evaluate(ran)
