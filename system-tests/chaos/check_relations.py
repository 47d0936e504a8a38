"""Checks of follows: the relation, its events, and what the followee was told."""

from collections.abc import Iterator, Sequence

from chaos.case import FOLLOWED, UNFOLLOWED, Case, states, visible
from chaos.findings import Finding, doubled, inconsistent, lost
from chaos.ledger import Action, Entry, acknowledged, possible


def check(case: Case) -> Iterator[Finding]:
    """Everything about follows."""
    for (follower, followee), entries in case.relations.items():
        if follower not in case.ids or followee not in case.ids:
            continue  # nobody can follow somebody who never was; a registration is checked apart
        pair = (case.ids[follower], case.ids[followee])
        what = f"{follower} -> {followee}"
        yield from _relation(case, what, pair, entries)
        yield from _events(case, what, pair, entries)
        if case.exists(followee):
            yield from _told(case, what, pair, followee in case.readers)
    yield from _unasked(case)


def _relation(
    case: Case, what: str, pair: tuple[int, int], entries: Sequence[Entry]
) -> Iterator[Finding]:
    is_there = pair in case.world.follows
    if not all(user in case.world.users for user in pair):
        if is_there:
            yield lost(f"{what}: one of them is gone, the relation is not")
        return
    expected = states(entries, Action.FOLLOW)
    if is_there not in expected:
        yield lost(f"{what}: the last acknowledged request; the relation is there: {is_there}")
    if case.count(FOLLOWED, *pair) - case.count(UNFOLLOWED, *pair) != is_there:
        yield inconsistent(f"{what}: relation and events")


def _events(
    case: Case, what: str, pair: tuple[int, int], entries: Sequence[Entry]
) -> Iterator[Finding]:
    is_whole = all(user in case.world.users for user in pair)
    for action, type_ in ((Action.FOLLOW, FOLLOWED), (Action.UNFOLLOW, UNFOLLOWED)):
        asked = [entry for entry in entries if entry.action is action]
        count = case.count(type_, *pair)
        ended = 0 if is_whole or action is Action.FOLLOW else 1
        if count < acknowledged(asked):
            yield lost(f"{what}: {count} events {type_} of {acknowledged(asked)}")
        if count > possible(asked) + ended:
            yield doubled(f"{what}: {count} events {type_} of {possible(asked)}")


def _told(case: Case, what: str, pair: tuple[int, int], is_reader: bool) -> Iterator[Finding]:
    rows = case.told.get(f"follow:{pair[0]}:{pair[1]}", {}).get(pair[1], [])
    begun, ended = case.count(FOLLOWED, *pair), case.count(UNFOLLOWED, *pair)
    if len(rows) > begun:
        yield doubled(f"{what}: told {len(rows)} times of {begun} follows")
    # A follow that is over before anybody was told of it is told to nobody.
    if len(rows) < begun - ended:
        yield lost(f"{what}: told {len(rows)} times of {begun} follows")
    shown = visible(rows)
    if pair in case.world.follows and shown == 0:
        yield lost(f"{what}: nothing to be seen of the follow")
    if not is_reader and shown > (pair in case.world.follows):
        yield lost(f"{what}: {shown} shown; those of follows that are over must be withdrawn")


def _unasked(case: Case) -> Iterator[Finding]:
    names = {user_id: name for name, user_id in case.ids.items()}
    for follower, followee in case.world.follows:
        if (names.get(follower), names.get(followee)) not in case.relations:
            yield doubled(f"{follower} -> {followee}: nobody asked for it")
