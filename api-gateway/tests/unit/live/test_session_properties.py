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


STEPS = (
    "add", "add", "add", "withdraw", "read", "acknowledge", "arrive", "arrive", "arrive",
    "repeat", "lose", "fetch", "answer", "answer",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_client_sees_every_entry_once_and_in_order(data: DataObject) -> None:
    inbox, session, client = Inbox(), Session(), Client()
    for _ in range(data.draw(st.integers(0, 4), "before")):
        inbox.add()
    inbox.told = [[], []]
    after = data.draw(st.none() | st.integers(0, len(inbox.entries)), "after")
    known = inbox.state if data.draw(st.booleans(), "known") else None
    client.take(session.resume(after, known))
    fetched: list[Filling] = []
    for step in data.draw(st.lists(st.sampled_from(STEPS), max_size=60), "steps"):
        take(step, data, inbox, session, client, fetched)
    settle(inbox, session, client, fetched)
    assert client.last == len(inbox.entries)
    assert client.unread == inbox.unread
    if after is not None:
        new = inbox.entries[after:]
        assert [seq for seq in sorted(client.seen) if seq > after] == [
            entry.notification.seq for entry in new
        ]
        gone = {entry.notification.seq for entry in new if entry.withdrawn}
        told = {seq for seq, kind in client.seen.items() if seq > after and kind == "withdrawn"}
        assert told == gone if len(inbox.lost) < 2 else told <= gone


def take(
    step: str,
    data: DataObject,
    inbox: Inbox,
    session: Session,
    client: Client,
    fetched: list[Filling],
) -> None:
    """One thing that may happen at any moment."""
    number = data.draw(st.integers(0, 1), "replica")
    replica = inbox.told[number]
    match step:
        case "add":
            inbox.add()
        case "withdraw" if inbox.entries:
            inbox.withdraw(data.draw(st.integers(0, len(inbox.entries) - 1), "which"))
        case "read":
            inbox.read()
        case "acknowledge":
            inbox.acknowledge(number)
        case "arrive" if replica:
            client.take(replica.pop(0)(session))
        case "repeat" if replica:
            client.take(replica[0](session))
        case "lose" if replica:
            replica.clear()
            inbox.lost.add(number)
        case "fetch" if not fetched and session.missing is not None:
            session.fetching()
            fetched.append(inbox.since(session.missing))
        case "answer" if fetched:
            filling = fetched.pop()
            if session.missing is not None:
                client.take(session.filled(filling))


def settle(inbox: Inbox, session: Session, client: Client, fetched: list[Filling]) -> None:
    """Everything arrives, and after that both replicas say where the inbox stands."""
    for replica in (0, 1):
        inbox.acknowledge(replica)
        for telling in inbox.told[replica]:
            client.take(telling(session))
    for _ in range(200):
        if not fetched and session.missing is not None:
            session.fetching()
            fetched.append(inbox.since(session.missing))
        if not fetched:
            break
        filling = fetched.pop()
        if session.missing is not None:
            client.take(session.filled(filling))
    client.take(session.positioned(inbox.state))
