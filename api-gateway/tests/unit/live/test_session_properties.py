"""In order, no gap, no repeat: under any arrival, duplication, loss and reconnection."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from api_gateway.application.live.frames import Frame, delivered_frame, entry_frame
from api_gateway.application.live.inbox import Delivered, Entry, InboxState, Withdrawn
from api_gateway.application.live.session import Filling, Session, withdrawal
from tests.live.builders import a_notification

PAGE = 3


@dataclass
class Inbox:
    """What is true, and what two replicas tell of it: each its own part, late, or never."""

    entries: list[Entry] = field(default_factory=list)
    unread: int = 0
    told: list[list[Callable[[Session], list[Frame]]]] = field(default_factory=lambda: [[], []])
    lost: set[int] = field(default_factory=set)

    @property
    def state(self) -> InboxState:
        return InboxState(len(self.entries), self.unread)

    def add(self) -> None:
        entry = Entry(a_notification(len(self.entries) + 1))
        self.entries.append(entry)
        self.unread += 1
        frame = delivered_frame(Delivered(entry, self.unread, 0.0))
        self._tell(lambda session: session.notified(frame))

    def withdraw(self, index: int) -> None:
        entry = self.entries[index]
        if entry.withdrawn:
            return
        self.entries[index] = Entry(entry.notification, withdrawn=True)
        self.unread = max(0, self.unread - 1)
        one = entry.notification
        both = withdrawal(Withdrawn(1, one.id, one.seq, self.unread))
        self._tell(lambda session: session.withdrawn(both))

    def read(self) -> None:
        self.unread = 0
        self._tell(lambda session: session.unread(0))

    def acknowledge(self, replica: int) -> None:
        state = self.state
        self.told[replica].append(lambda session: session.positioned(state))

    def since(self, after: int) -> Filling:
        entries = self.entries[after : after + PAGE]
        return Filling([entry_frame(entry, self.unread) for entry in entries], self.state)

    def _tell(self, telling: Callable[[Session], list[Frame]]) -> None:
        for replica in self.told:
            replica.append(telling)


@dataclass
class Client:
    """What a client makes of the frames: it checks their order, and keeps its own inbox."""

    last: int | None = None
    unread: int | None = None
    seen: dict[int, str] = field(default_factory=dict)

    def take(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._place(frame)
            self.unread = self.unread if frame.unread is None else frame.unread
            if frame.type == "notification":
                self.seen[frame.seq or 0] = "notification"
            elif frame.type == "withdrawn":
                self.seen[int(str(frame.body["id"])) - 100] = "withdrawn"

    def _place(self, frame: Frame) -> None:
        if frame.type in ("ready", "reset"):
            assert self.last is None or frame.type == "reset"
            self.last = frame.seq
        elif frame.seq is not None:
            assert self.last is not None
            assert frame.seq == self.last + 1
            self.last = frame.seq


@dataclass
class World:
    """An inbox, a client of it, and all that may happen between them at any moment."""

    data: DataObject
    inbox: Inbox = field(default_factory=Inbox)
    session: Session = field(default_factory=Session)
    client: Client = field(default_factory=Client)
    fetched: list[Filling] = field(default_factory=list)

    def add(self) -> None:
        self.inbox.add()

    def withdraw(self) -> None:
        if self.inbox.entries:
            last = len(self.inbox.entries) - 1
            self.inbox.withdraw(self.data.draw(st.integers(0, last), "which"))

    def read(self) -> None:
        self.inbox.read()

    def acknowledge(self) -> None:
        self.inbox.acknowledge(self._replica())

    def arrive(self) -> None:
        replica = self.inbox.told[self._replica()]
        if replica:
            self.client.take(replica.pop(0)(self.session))

    def repeat(self) -> None:
        replica = self.inbox.told[self._replica()]
        if replica:
            self.client.take(replica[0](self.session))

    def lose(self) -> None:
        number = self._replica()
        self.inbox.lost.add(number)
        self.inbox.told[number].clear()

    def fetch(self) -> None:
        if not self.fetched and self.session.missing is not None:
            self.session.fetching()
            self.fetched.append(self.inbox.since(self.session.missing))

    def answer(self) -> None:
        if self.fetched:
            filling = self.fetched.pop()
            if self.session.missing is not None:
                self.client.take(self.session.filled(filling))

    def settle(self) -> None:
        """Everything arrives, and after that both replicas say where the inbox stands."""
        for number in (0, 1):
            self.inbox.acknowledge(number)
            for telling in self.inbox.told[number]:
                self.client.take(telling(self.session))
        while self.fetched or self.session.missing is not None:
            self.fetch()
            self.answer()
        self.client.take(self.session.positioned(self.inbox.state))

    def _replica(self) -> int:
        return self.data.draw(st.integers(0, 1), "replica")


STEPS = (
    *[World.add, World.arrive] * 3,
    *[World.answer] * 2,
    *(World.withdraw, World.read, World.acknowledge, World.repeat, World.lose, World.fetch),
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_client_sees_every_entry_once_and_in_order(data: DataObject) -> None:
    world = World(data)
    inbox, client = world.inbox, world.client
    for _ in range(data.draw(st.integers(0, 4), "before")):
        inbox.add()
    inbox.told = [[], []]
    after = data.draw(st.none() | st.integers(0, len(inbox.entries)), "after")
    known = inbox.state if data.draw(st.booleans(), "known") else None
    client.take(world.session.resume(after, known))
    for step in data.draw(st.lists(st.sampled_from(STEPS), max_size=60), "steps"):
        step(world)
    world.settle()
    assert (client.last, client.unread) == (len(inbox.entries), inbox.unread)
    if after is not None:
        assert_complete(inbox, client, after)


def assert_complete(inbox: Inbox, client: Client, after: int) -> None:
    """It has seen what came after a seq; of what went later it may miss what no replica told."""
    new = inbox.entries[after:]
    seen = {seq: kind for seq, kind in client.seen.items() if seq > after}
    assert sorted(seen) == [entry.notification.seq for entry in new]
    gone = {entry.notification.seq for entry in new if entry.withdrawn}
    told = {seq for seq, kind in seen.items() if kind == "withdrawn"}
    assert told == gone if len(inbox.lost) < 2 else told <= gone
