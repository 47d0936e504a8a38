"""What a person of a run can do: one request, and what it means for what they believe."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chaos.ledger import Action, Entry, Ledger, Outcome
from chaos.people import Person, Roster
from chaos.wire import Reply, Wire

TOKEN_SECONDS: Final = 600.0  # of the 900 that an access token lasts
_READERS: Final = 0.25
_CAREFUL: Final = 0.6
"""Share of those who ask again, under the same key, when they got no clear answer."""


@dataclass(slots=True)
class Actions:
    """Makes requests, notes them, and keeps people's beliefs."""

    wire: Wire
    ledger: Ledger
    roster: Roster
    clock: Callable[[], float]

    async def register(self, username: str, random_: random.Random) -> Person | None:
        """A new account; None where nobody can tell whether there is one."""
        password = f"harbour at dawn {random_.randrange(10**6)}"
        is_reader = random_.random() < _READERS
        account = {
            "username": username,
            "email": f"{username}@example.com",
            "password": password,
            "full_name": username,
        }
        started = self.clock()
        reply = await self.wire.once("POST", "/auth/register", account)
        self._note(username, Action.REGISTER, username, started, reply)
        if reply.outcome is not Outcome.ACKNOWLEDGED:
            return None
        person = Person(
            reply.data["user"]["id"],
            username,
            password,
            reply.data["access_token"],
            self.clock(),
            is_reader,
        )
        self.roster.people[username] = person
        return person

    async def log_in(self, person: Person) -> bool:
        """A new token where the old one is about to end; no part of the ledger."""
        if self.clock() - person.token_since < TOKEN_SECONDS:
            return True
        body = {"login": person.username, "password": person.password}
        reply = await self.wire.once("POST", "/auth/login", body)
        if reply.outcome is Outcome.ACKNOWLEDGED:
            person.token, person.token_since = reply.data["access_token"], self.clock()
        return reply.outcome is Outcome.ACKNOWLEDGED

    async def follow(self, person: Person, other: Person, random_: random.Random) -> None:
        """Follow somebody."""
        reply = await self._relate(person, other, Action.FOLLOW, random_)
        if reply.outcome is Outcome.ACKNOWLEDGED:
            person.following.add(other.username)

    async def unfollow(self, person: Person, other: Person, random_: random.Random) -> None:
        """Follow somebody no longer."""
        reply = await self._relate(person, other, Action.UNFOLLOW, random_)
        if reply.outcome is Outcome.ACKNOWLEDGED:
            person.following.discard(other.username)

    async def _relate(
        self, person: Person, other: Person, action: Action, random_: random.Random
    ) -> Reply:
        started, body = self.clock(), {"followee_id": other.id}
        reply = await self._send(person, "POST", f"/relation/{action}", body, random_)
        self._note(person.username, action, other.username, started, reply)
        if reply.outcome is Outcome.UNKNOWN or reply.attempts > 1:
            person.unclear.add(other.username)
        return reply

    async def post(self, person: Person, title: str, random_: random.Random) -> None:
        """Publish a post."""
        started = self.clock()
        reply = await self._send(person, "POST", "/posts", {"title": title}, random_)
        self._note(person.username, Action.POST, title, started, reply)
        if reply.outcome is Outcome.ACKNOWLEDGED:
            person.posts[title] = reply.data["id"]

    async def delete_post(self, person: Person, title: str) -> None:
        """Delete one of their own posts; it is asked for once only."""
        started, path = self.clock(), f"/posts/{person.posts.pop(title)}"
        reply = await self.wire.once("DELETE", path, token=person.token)
        self._note(person.username, Action.DELETE_POST, title, started, reply)

    async def rename(self, person: Person, full_name: str) -> None:
        """Change their name; after an unclear one nobody knows which comes last, so it is over."""
        started, body = self.clock(), {"full_name": full_name}
        reply = await self.wire.once("PUT", f"/users/{person.id}", body, token=person.token)
        self._note(person.username, Action.RENAME, full_name, started, reply)
        person.name_is_clear = reply.outcome is not Outcome.UNKNOWN

    async def read_all(self, person: Person) -> None:
        """Mark everything read."""
        started = self.clock()
        reply = await self.wire.once("PUT", "/notification/read-all", {}, token=person.token)
        self._note(person.username, Action.READ_ALL, "", started, reply)

    async def leave(self, person: Person) -> None:
        """Delete the account. Nobody follows them any more, whatever comes of it."""
        del self.roster.people[person.username]
        started = self.clock()
        reply = await self.wire.once("DELETE", f"/users/{person.id}", token=person.token)
        self._note(person.username, Action.LEAVE, "", started, reply)

    async def _send(
        self, person: Person, method: str, path: str, body: object, random_: random.Random
    ) -> Reply:
        """Some ask until they know, others leave it at that."""
        if random_.random() < _CAREFUL:
            return await self.wire.until_known(method, path, body, token=person.token)
        return await self.wire.once(method, path, body, token=person.token)

    def _note(self, actor: str, action: Action, subject: str, started: float, reply: Reply) -> None:
        entry = Entry(
            actor,
            action,
            subject,
            started,
            self.clock(),
            reply.outcome,
            reply.attempts,
            reply.answer,
        )
        self.ledger.note(entry)
