"""Checks of posts: the post, its events, and what followers were told of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chaos.case import POST_GONE, POSTED, Case, states, visible
from chaos.findings import Finding, doubled, inconsistent, lost
from chaos.ledger import Action, Entry, acknowledged, possible
from chaos.world import Notified


class Post(NamedTuple):
    """A post that is or was: `entry` is the request that made it."""

    id: int
    author: str
    entry: Entry
    is_there: bool


class Following(NamedTuple):
    """What somebody asked for concerning an author."""

    follower: str
    entries: Sequence[Entry]


def check(case: Case) -> Iterator[Finding]:
    """Everything about posts."""
    audience: defaultdict[str, list[Following]] = defaultdict(list)
    for (follower, author), relation in case.relations.items():
        audience[author].append(Following(follower, relation))
    for (author, title), entries in case.writings.items():
        made = [entry for entry in entries if entry.action is Action.POST]
        ids = case.posts.get(title, [])
        if len(ids) < acknowledged(made):
            yield lost(f"post {title!r} of {author}")
        if len(ids) > possible(made):
            yield doubled(f"post {title!r} of {author}: {len(ids)} posts")
        for post_id in ids:
            post = Post(post_id, author, made[0], post_id in case.world.posts)
            yield from _existence(case, post, title, entries)
            yield from _told(case, post, title, audience[author])


def _existence(case: Case, post: Post, title: str, entries: Sequence[Entry]) -> Iterator[Finding]:
    author_id = case.ids[post.author]
    begun, gone = (case.count(type_, post.id, author_id) for type_ in (POSTED, POST_GONE))
    if begun - gone != post.is_there:
        yield inconsistent(f"post {title!r}: {begun} created, {gone} deleted, {post.is_there=}")
    if not case.exists(post.author):
        if post.is_there:
            yield lost(f"post {title!r} is there, its author is gone")
    elif post.is_there not in states(entries, Action.POST):
        yield lost(f"post {title!r}: its last acknowledged request; {post.is_there=}")


def _told(case: Case, post: Post, title: str, audience: Sequence[Following]) -> Iterator[Finding]:
    told = case.told.get(f"post:{post.id}", {})
    for user_id, rows in told.items():
        if len(rows) > 1:
            yield doubled(f"post {title!r}: user {user_id} is told {len(rows)} times")
    present = [one for one in audience if case.exists(one.follower)]
    for following in present:
        rows = told.get(case.ids[following.follower], [])
        yield from _told_one(case, post, title, following, rows)
    followers = {case.ids[one.follower] for one in present}
    for user_id in (told.keys() - followers) & case.world.users.keys():
        yield doubled(f"post {title!r}: user {user_id} is told, who never followed")


def _told_one(
    case: Case, post: Post, title: str, following: Following, rows: Sequence[Notified]
) -> Iterator[Finding]:
    follower, entries = following
    if post.is_there and _must_be_told(entries, post.entry) and not visible(rows):
        yield lost(f"post {title!r}: {follower} was not told")
    if not post.is_there and follower not in case.readers and visible(rows):
        yield lost(f"post {title!r} is gone, the notification of {follower} is not")
    if rows and _must_not_be_told(entries, post.entry):
        yield doubled(f"post {title!r}: {follower} is told, who did not follow any more")


def _must_be_told(entries: Sequence[Entry], posted: Entry) -> bool:
    """Whoever followed before the post, and never did anything about it again."""
    done = [entry for entry in entries if entry.may_have_happened]
    return len(done) == 1 and done[0].is_acknowledged and done[0].ended < posted.started


def _must_not_be_told(entries: Sequence[Entry], posted: Entry) -> bool:
    """Whoever asked for no longer following, for certain and before the post, or never followed."""
    done = [entry for entry in entries if entry.may_have_happened]
    if not all(entry.is_acknowledged for entry in done):
        return False
    return not done or (done[-1].action is Action.UNFOLLOW and done[-1].ended < posted.started)
