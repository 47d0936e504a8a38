"""Checks of inboxes: seqs without gap, counts that fit, order, and what their owners see."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from chaos.case import FOLLOWED, POST_GONE, POSTED, UNFOLLOWED, Case
from chaos.findings import Finding, doubled, inconsistent, lost, out_of_order
from chaos.ledger import Action, Entry
from chaos.world import Notified, View

_CLAIMED = (FOLLOWED, UNFOLLOWED, POSTED, POST_GONE)


def check(case: Case) -> Iterator[Finding]:
    """Everything about inboxes."""
    for event in case.world.events:
        if event.type in _CLAIMED and event.id not in case.world.claims:
            yield lost(f"event {event.type} {event.ids} never arrived")
    yield from _counts(case)
    yield from _order(case)


def _counts(case: Case) -> Iterator[Finding]:
    content: defaultdict[int, list[Notified]] = defaultdict(list)
    for one in case.world.notifications:
        content[one.user_id].append(one)
    for user_id, inbox in case.world.inboxes.items():
        if inbox.is_closed:
            continue
        rows = sorted(content[user_id], key=lambda one: one.seq)
        if [one.seq for one in rows] != list(range(1, inbox.last_seq + 1)):
            yield inconsistent(f"user {user_id}: seqs have gaps below {inbox.last_seq}")
        shown = [one for one in rows if not one.is_withdrawn]
        unread = sum(not one.is_read for one in shown)
        if (inbox.unread, inbox.total) != (unread, len(shown)):
            yield inconsistent(f"user {user_id}: {inbox}, but {unread} of {len(shown)} are unread")
        if view := case.world.views.get(user_id):
            yield from _seen(user_id, view, shown, unread)


def _seen(user_id: int, view: View, shown: list[Notified], unread: int) -> Iterator[Finding]:
    if view.unread != unread:
        yield inconsistent(f"user {user_id} sees {view.unread} unread, there are {unread}")
    if view.feed != [one.id for one in reversed(shown)]:
        yield inconsistent(f"user {user_id} sees a feed that is not the inbox")
    if len(set(view.feed)) < len(view.feed):
        yield doubled(f"user {user_id} sees a notification twice")


def _order(case: Case) -> Iterator[Finding]:
    """Whose request ended before another one began is told of first: follows, and posts of one."""
    streams: defaultdict[tuple[int, str], list[tuple[int, Entry]]] = defaultdict(list)
    for subject, stream, entry in _simple(case):
        for user_id, rows in case.told.get(subject, {}).items():
            if len(rows) == 1 and user_id in case.world.users:
                streams[user_id, stream].append((rows[0].seq, entry))
    for (user_id, stream), told in streams.items():
        for earlier, later in _inverted(told):
            yield out_of_order(f"user {user_id}, {stream}: {later} is told before {earlier}")


def _simple(case: Case) -> Iterator[tuple[str, str, Entry]]:
    """Subject, stream and request of what was asked for once, and acknowledged."""
    ids = case.ids
    for (follower, followee), entries in case.relations.items():
        if len(entries) == 1 and entries[0].is_acknowledged and {follower, followee} <= ids.keys():
            yield f"follow:{ids[follower]}:{ids[followee]}", "follows", entries[0]
    for (author, title), entries in case.writings.items():
        if entries[0].is_acknowledged and entries[0].action is Action.POST:
            for post_id in case.posts.get(title, []):
                yield f"post:{post_id}", f"posts of {author}", entries[0]


def _inverted(told: Iterable[tuple[int, Entry]]) -> Iterator[tuple[str, str]]:
    """Pairs that are told the wrong way round, the earlier request first."""
    newest: Entry | None = None
    for _, entry in sorted(told, key=lambda one: one[0]):
        if newest is not None and entry.ended < newest.started:
            yield f"{entry.actor} {entry.subject}", f"{newest.actor} {newest.subject}"
        if newest is None or entry.started > newest.started:
            newest = entry
