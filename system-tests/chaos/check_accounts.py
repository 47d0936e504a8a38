"""Checks of accounts: there as a whole or not at all, with the last name that they were given."""

from collections.abc import Iterator

from chaos.case import Case
from chaos.findings import Finding, doubled, inconsistent, lost
from chaos.ledger import Action, Outcome


def check(case: Case) -> Iterator[Finding]:
    """Everything about accounts."""
    yield from _registrations(case)
    yield from _wholeness(case)
    yield from _names(case)


def _registrations(case: Case) -> Iterator[Finding]:
    left = case.ledger.of(Action.LEAVE)
    for username, entries in case.ledger.of(Action.REGISTER).items():
        exists = case.exists(username)
        leaving = left.get(username, [])
        if any(entry.is_acknowledged for entry in leaving):
            if exists:
                yield lost(f"the deletion of account {username}")
        elif entries[0].is_acknowledged and not exists:
            if not any(entry.may_have_happened for entry in leaving):
                yield lost(f"account {username}")
        elif entries[0].outcome is Outcome.REFUSED and username in case.ids:
            yield doubled(f"account {username}, whose registration was refused")


def _wholeness(case: Case) -> Iterator[Finding]:
    world = case.world
    for user_id in world.users.keys() - world.credentials:
        yield inconsistent(f"user {user_id} has a name and no password")
    for user_id in world.credentials - world.users.keys():
        yield inconsistent(f"user {user_id} has a password and no name")


def _names(case: Case) -> Iterator[Finding]:
    for username, entries in case.ledger.of(Action.RENAME).items():
        if not case.exists(username):
            continue
        possible = {username}
        for entry in entries:
            if entry.is_acknowledged:
                possible = {entry.subject}
            elif entry.may_have_happened:
                possible.add(entry.subject)
        name = case.world.users[case.ids[username]]
        if name not in possible:
            yield lost(f"the name {sorted(possible)} of {username}, who is called {name!r}")
