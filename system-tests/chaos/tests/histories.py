"""Made-up runs: a ledger and the world that it should have led to, to be spoilt by tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from chaos.case import FOLLOWED, POST_GONE, POSTED, UNFOLLOWED, USER_CREATED
from chaos.ledger import Action, Entry, Ledger, Outcome
from chaos.world import Event, Inbox, Notified, View, World

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OK, NO, MAYBE = Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.UNKNOWN


class History:
    """Requests one after the other, a second each, and a world in which each has its effects."""

    def __init__(self, *names: str) -> None:
        self.ledger = Ledger()
        self.world = World()
        self.ids: dict[str, int] = {}
        self.post_ids: dict[str, int] = {}
        for name in names:
            self.register(name)

    def note(self, actor: str, action: Action, subject: str = "", outcome: Outcome = OK) -> None:
        """A request, and nothing else."""
        at = float(len(self.ledger.entries))
        self.ledger.note(Entry(actor, action, subject, at, at + 0.5, outcome))

    def register(self, name: str, outcome: Outcome = OK) -> None:
        self.note(name, Action.REGISTER, name, outcome)
        user_id = self.ids[name] = len(self.ids) + 1
        self.world.users[user_id] = name
        self.world.credentials.add(user_id)
        self.world.inboxes[user_id] = Inbox(0, 0, 0, False)
        self.event(USER_CREATED, user_id, text=name)

    def follow(self, follower: str, followee: str, outcome: Outcome = OK) -> None:
        """Somebody follows somebody, who is told."""
        self.note(follower, Action.FOLLOW, followee, outcome)
        pair = (self.ids[follower], self.ids[followee])
        self.world.follows.add(pair)
        self.event(FOLLOWED, *pair)
        self.tell(followee, f"follow:{pair[0]}:{pair[1]}")

    def unfollow(self, follower: str, followee: str, outcome: Outcome = OK) -> None:
        """Somebody follows somebody no longer, and the notification is withdrawn."""
        self.note(follower, Action.UNFOLLOW, followee, outcome)
        pair = (self.ids[follower], self.ids[followee])
        self.world.follows.discard(pair)
        self.event(UNFOLLOWED, *pair)
        self.withdraw(f"follow:{pair[0]}:{pair[1]}")

    def post(self, author: str, title: str, outcome: Outcome = OK) -> None:
        """Somebody writes, and whoever follows is told."""
        self.note(author, Action.POST, title, outcome)
        post_id = self.post_ids[title] = len(self.post_ids) + 1
        self.world.posts[post_id] = (self.ids[author], title)
        self.event(POSTED, post_id, self.ids[author], text=title)
        for name, user_id in self.ids.items():
            if (user_id, self.ids[author]) in self.world.follows:
                self.tell(name, f"post:{post_id}")

    def delete_post(self, author: str, title: str, outcome: Outcome = OK) -> None:
        """Somebody deletes a post, and it is withdrawn."""
        self.note(author, Action.DELETE_POST, title, outcome)
        post_id = self.post_ids[title]
        del self.world.posts[post_id]
        self.event(POST_GONE, post_id, self.ids[author])
        self.withdraw(f"post:{post_id}")

    def event(self, type_: str, *ids: int, text: str = "") -> Event:
        """An event that has arrived."""
        id_ = uuid5(UUID(int=0), str(len(self.world.events)))
        self.world.events.append(Event(id_, type_, ids, text, NOW))
        self.world.claims[id_] = NOW + timedelta(seconds=1)
        return self.world.events[-1]

    def tell(self, name: str, subject: str) -> None:
        """A notification more."""
        user_id = self.ids[name]
        seq = 1 + sum(one.user_id == user_id for one in self.world.notifications)
        number = len(self.world.notifications) + 1
        self.world.notifications.append(Notified(number, user_id, seq, subject, False, False, NOW))
        self.count(user_id)

    def withdraw(self, subject: str) -> None:
        """What is about a subject is shown no more."""
        self.world.notifications = [
            one._replace(is_withdrawn=True) if one.subject == subject else one
            for one in self.world.notifications
        ]
        for user_id in self.world.inboxes:
            self.count(user_id)

    def count(self, user_id: int) -> None:
        """Make the row of an inbox fit its content."""
        rows = [one for one in self.world.notifications if one.user_id == user_id]
        shown = [one for one in rows if not one.is_withdrawn]
        unread = sum(not one.is_read for one in shown)
        self.world.inboxes[user_id] = Inbox(len(rows), unread, len(shown), False)

    def subjects(self, name: str) -> Sequence[str]:
        """What somebody was told of, in order."""
        mine = [one for one in self.world.notifications if one.user_id == self.ids[name]]
        return [one.subject for one in sorted(mine, key=lambda one: one.seq)]

    def view(self, name: str) -> View:
        """What somebody sees of the world as it is."""
        user_id = self.ids[name]
        rows = sorted(
            (one for one in self.world.notifications if one.user_id == user_id),
            key=lambda one: -one.seq,
        )
        shown = [one.id for one in rows if not one.is_withdrawn]
        titles = {title for author, title in self.world.posts.values() if author == user_id}
        view = View(
            full_name=self.world.users[user_id],
            unread=self.world.inboxes[user_id].unread,
            total=len(shown),
            feed=shown,
            followers={one for one, other in self.world.follows if other == user_id},
            titles=titles,
            author_names={self.world.users[user_id]} if titles else set(),
        )
        self.world.views[user_id] = view
        return view
