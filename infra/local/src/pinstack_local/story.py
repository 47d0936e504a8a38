"""A short story on a running platform, told through its public API and the reference client."""

import asyncio
import secrets
import statistics
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self, TypeVar

import httpx
from pinstack_local.errors import StoryFailed
from pinstack_tail.account import Account
from pinstack_tail.client import Event, LiveClient, Online
from pinstack_tail.errors import Stopped, Unreachable
from pinstack_tail.frames import Told, Unread
from pinstack_tail.words import headline

Say = Callable[[str], None]
E = TypeVar("E", bound=Event)

PATIENCE_SECONDS: Final = 15
TITLES: Final = (
    "Notes on the engine",
    "A correction to my notes",
    "Why the correction was wrong",
)


@dataclass(slots=True)
class Person:
    """Somebody with an account."""

    name: str
    id: int
    account: Account

    @classmethod
    async def register(cls, http: httpx.AsyncClient, name: str) -> Self:
        """A new account."""
        account = await Account.register(
            http, name, f"{name}@example.com", secrets.token_urlsafe(12)
        )
        user = await account.call("GET", f"/users/username/{name}")
        return cls(name, user["id"], account)

    async def follow(self, other: "Person") -> None:
        """Follow somebody."""
        await self.account.call("POST", "/relation/follow", {"followee_id": other.id})


class Phone:
    """A device of somebody with a live connection, and the delays that it has seen."""

    def __init__(self, owner: Person, gateway: str, say: Say) -> None:
        self.delays: list[float] = []
        self._owner = owner
        self._gateway = gateway
        self._say = say
        self._client = LiveClient(gateway, owner.account)
        self._events: AsyncGenerator[Event, None] | None = None

    @property
    def seq(self) -> int | None:
        """The last seq that it has seen."""
        return self._client.seq

    async def open(self) -> None:
        """Connect, and resume where this phone was."""
        self._client = LiveClient(self._gateway, self._owner.account, self.seq)
        self._events = self._client.events()
        await self._next(Online)

    async def close(self) -> None:
        """Go offline."""
        if self._events is not None:
            await self._events.aclose()

    async def ring(self, *, live: bool = True) -> None:
        """Wait for the next notification and tell it; `live` ones are timed."""
        told = await self._next(Told)
        arrived = "had been missed"
        if live:
            committed = datetime.fromisoformat(told.notification.payload["timestamptz"])
            self.delays.append((datetime.now(UTC) - committed).total_seconds() * 1000)
            arrived = f"{self.delays[-1]:.0f} ms after the commit"
        self._say(
            f"      {self._owner.name}'s phone: {headline(told.notification)}"
            f"   [{arrived}; seq {told.seq}, {told.unread} unread]"
        )

    async def unread(self) -> int:
        """The next unread count that the server sends."""
        return (await self._next(Unread)).unread

    async def _next(self, kind: type[E]) -> E:
        if self._events is None:
            raise StoryFailed(f"{self._owner.name}'s phone is off")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not isinstance(event := await anext(self._events), kind):
                    pass
        except TimeoutError:
            late = f"no {kind.__name__!r} in {PATIENCE_SECONDS} s"
            raise StoryFailed(f"{self._owner.name}'s phone got {late}") from None
        return event


def tell(gateway: str, say: Say) -> None:
    """Tell the story on the platform at `gateway`. Raises `StoryFailed`."""
    try:
        asyncio.run(_tell(gateway, say))
    except (Stopped, Unreachable) as error:
        raise StoryFailed(f"the story broke off: {error}") from error


async def _tell(gateway: str, say: Say) -> None:
    suffix = secrets.token_hex(2)
    async with AsyncExitStack() as stack:
        http = httpx.AsyncClient(base_url=gateway, timeout=PATIENCE_SECONDS)
        await stack.enter_async_context(http)
        names = [f"{name}-{suffix}" for name in ("ada", "grace", "linus")]
        ada, grace, linus = [await Person.register(http, name) for name in names]
        say(f"\n  Three people register: {ada.name}, {grace.name} and {linus.name}.")
        say(f"  {ada.name} and {grace.name} open the app: a WebSocket each.")
        phones = [await _opened(stack, Phone(owner, gateway, say)) for owner in (ada, grace)]
        await _follow_and_post(ada, grace, phones, say)
        await _come_back(ada, linus, phones[0], say)
        say(f"\n  {ada.name} opens the app on a tablet too, and reads everything there.")
        await _opened(stack, Phone(ada, gateway, say))
        await ada.account.call("PUT", "/notification/read-all")
        say(f"      {ada.name}'s phone: {await phones[0].unread()} unread, told at once.")
        delays = [delay for phone in phones for delay in phone.delays]
        say(
            f"\n  {len(delays)} live notifications, from commit to frame:"
            f" median {statistics.median(delays):.0f} ms, slowest {max(delays):.0f} ms.\n"
        )


async def _opened(stack: AsyncExitStack, phone: Phone) -> Phone:
    await phone.open()
    stack.push_async_callback(phone.close)
    return phone


async def _follow_and_post(ada: Person, grace: Person, phones: Sequence[Phone], say: Say) -> None:
    adas, graces = phones
    say(f"\n  {grace.name} follows {ada.name}.")
    await grace.follow(ada)
    await adas.ring()
    for title in TITLES:
        say(f"\n  {ada.name} posts “{title}”.")
        await ada.account.call(
            "POST", "/posts", {"title": title, "content": "…", "tags": ["engines"]}
        )
        await graces.ring()


async def _come_back(ada: Person, linus: Person, adas: Phone, say: Say) -> None:
    say(f"\n  {ada.name} enters a tunnel: her phone is offline. {linus.name} follows her.")
    await adas.close()
    await linus.follow(ada)
    await _wait_for_unread(ada, 2)
    say(f"  She comes out again and says the last seq that she saw: {adas.seq}.")
    await adas.open()
    await adas.ring(live=False)


async def _wait_for_unread(person: Person, count: int) -> None:
    """Until the inbox has what was committed meanwhile; the broker's delay, not a guess."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await person.account.unread() < count:
                pass
    except TimeoutError:
        raise StoryFailed(f"{person.name} has no {count} unread notifications") from None
