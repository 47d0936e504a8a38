"""A short story on a running platform, told through its public API alone."""

import json
import secrets
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

import httpx
from pinstack_local.errors import StoryFailed
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

Say = Callable[[str], None]

API: Final = "/api/v1"
PATIENCE_SECONDS: Final = 15
PROTOCOL: Final = Subprotocol("pinstack.v1")
TITLES: Final = (
    "Notes on the engine",
    "A correction to my notes",
    "Why the correction was wrong",
)


@dataclass(slots=True)
class Person:
    """Somebody with an account, as their own client would see the platform."""

    name: str
    id: int
    client: httpx.Client

    @classmethod
    def register(cls, gateway: str, name: str, stack: ExitStack) -> Self:
        """A new account."""
        client = stack.enter_context(httpx.Client(base_url=gateway + API, timeout=PATIENCE_SECONDS))
        account = {
            "username": name,
            "email": f"{name}@example.com",
            "password": secrets.token_urlsafe(12),
        }
        person = cls(name, 0, client)
        answer = person.post("/auth/register", account)
        client.headers["authorization"] = f"Bearer {answer['access_token']}"
        person.id = answer["user"]["id"]
        return person

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """What the API answers. Raises `StoryFailed` for a refusal."""
        return _data(self.client.post(path, json=body))

    def get(self, path: str) -> dict[str, Any]:
        """What the API answers. Raises `StoryFailed` for a refusal."""
        return _data(self.client.get(path))


class Phone:
    """A live connection of somebody, and the delays that it has seen."""

    def __init__(self, owner: Person, gateway: str, say: Say) -> None:
        self._owner = owner
        self._url = gateway.replace("http", "ws", 1) + f"{API}/notification/ws"
        self._say = say
        self._socket: ClientConnection | None = None
        self.seq: int | None = None
        self.delays: list[float] = []

    def open(self) -> dict[str, Any]:
        """Connect, and resume where this phone was; returns the `ready` frame."""
        headers = {"authorization": self._owner.client.headers["authorization"]}
        self._socket = connect(
            self._url, additional_headers=headers, subprotocols=[PROTOCOL], proxy=None
        )
        resume = (
            {"type": "resume"} if self.seq is None else {"type": "resume", "after_seq": self.seq}
        )
        self._socket.send(json.dumps(resume))
        ready = self._frame("ready")
        self.seq = ready["seq"] if self.seq is None else self.seq
        return ready

    def close(self) -> None:
        """Go offline."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ring(self, what: Callable[[dict[str, Any]], str], *, live: bool = True) -> None:
        """Wait for the next notification and tell it; `live` ones are timed."""
        frame = self._frame("notification")
        payload = frame["data"]["payload"]
        arrived = "had been missed"
        if live:
            delay = (datetime.now(UTC) - datetime.fromisoformat(payload["timestamptz"])) * 1000
            self.delays.append(delay.total_seconds())
            arrived = f"{delay.total_seconds():.0f} ms after the commit"
        self.seq = frame["seq"]
        self._say(
            f"      {self._owner.name}'s phone: {what(payload)}"
            f"   [{arrived}; seq {frame['seq']}, {frame['unread']} unread]"
        )

    def unread(self) -> int:
        """The next unread count that the server sends."""
        count: int = self._frame("unread")["unread"]
        return count

    def _frame(self, kind: str) -> dict[str, Any]:
        if self._socket is None:
            raise StoryFailed(f"{self._owner.name}'s phone is off")
        while True:
            try:
                frame: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE_SECONDS))
            except TimeoutError:
                raise StoryFailed(
                    f"{self._owner.name}'s phone got no {kind!r} in {PATIENCE_SECONDS} s"
                ) from None
            if frame["type"] == kind:
                return frame


def tell(gateway: str, say: Say) -> None:
    """Tell the story on the platform at `gateway`. Raises `StoryFailed`."""
    try:
        _tell(gateway, say)
    except (OSError, httpx.HTTPError, WebSocketException) as error:
        raise StoryFailed(f"the story broke off: {error!r}") from error


def _tell(gateway: str, say: Say) -> None:
    suffix = secrets.token_hex(2)
    with ExitStack() as stack:
        names = [f"{name}-{suffix}" for name in ("ada", "grace", "linus")]
        ada, grace, linus = (Person.register(gateway, name, stack) for name in names)
        say(f"\n  Three people register: {ada.name}, {grace.name} and {linus.name}.")
        phones = _open_phones(gateway, say, ada, grace)
        for phone in phones:
            stack.callback(phone.close)
        _follow_and_post(ada, grace, phones, say)
        _come_back(ada, linus, phones[0], say)
        _read_everything(ada, gateway, say, stack, phones[0])
        delays = [delay for phone in phones for delay in phone.delays]
        say(
            f"\n  {len(delays)} live notifications, from commit to frame:"
            f" median {statistics.median(delays):.0f} ms, slowest {max(delays):.0f} ms.\n"
        )


def _open_phones(gateway: str, say: Say, *owners: Person) -> list[Phone]:
    say(f"  {' and '.join(owner.name for owner in owners)} open the app: a WebSocket each.")
    phones = [Phone(owner, gateway, say) for owner in owners]
    for phone in phones:
        phone.open()
    return phones


def _follow_and_post(ada: Person, grace: Person, phones: Sequence[Phone], say: Say) -> None:
    adas, graces = phones
    say(f"\n  {grace.name} follows {ada.name}.")
    grace.post("/relation/follow", {"followee_id": ada.id})
    adas.ring(lambda payload: f"{payload['follower_username']} follows you")
    for title in (
        "Notes on the engine",
        "A correction to my notes",
        "Why the correction was wrong",
    ):
        say(f"\n  {ada.name} posts “{title}”.")
        ada.post("/posts", {"title": title, "content": "…", "tags": ["engines"]})
        graces.ring(lambda payload: f"{payload['author_username']} wrote “{payload['title']}”")


def _come_back(ada: Person, linus: Person, adas: Phone, say: Say) -> None:
    say(f"\n  {ada.name} enters a tunnel: her phone is offline. {linus.name} follows her.")
    adas.close()
    linus.post("/relation/follow", {"followee_id": ada.id})
    _wait_for_unread(ada, 2)
    say(f"  She comes out again and says the last seq that she saw: {adas.seq}.")
    adas.open()
    adas.ring(lambda payload: f"{payload['follower_username']} follows you", live=False)


def _wait_for_unread(person: Person, count: int) -> None:
    """Until the inbox has what was committed meanwhile; the broker's delay, not a guess."""
    deadline = datetime.now(UTC).timestamp() + PATIENCE_SECONDS
    while person.get("/notification/unread-count")["count"] < count:
        if datetime.now(UTC).timestamp() > deadline:
            raise StoryFailed(f"{person.name} has no {count} unread notifications")


def _read_everything(ada: Person, gateway: str, say: Say, stack: ExitStack, phone: Phone) -> None:
    say(f"\n  {ada.name} opens the app on a tablet too, and reads everything there.")
    tablet = Phone(ada, gateway, say)
    tablet.open()
    stack.callback(tablet.close)
    _data(ada.client.put("/notification/read-all"))
    say(f"      {ada.name}'s phone: {phone.unread()} unread, told at once.")


def _data(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise StoryFailed(f"{answer.request.url}: {answer.status_code} {answer.text}")
    data: dict[str, Any] = answer.json().get("data", {})
    return data
