"""Checks that what people see, caches included, is what the databases hold."""

from collections import defaultdict
from collections.abc import Iterator

from chaos.case import Case
from chaos.findings import Finding, inconsistent


def check(case: Case) -> Iterator[Finding]:
    """Everything about what people see; their inboxes are checked apart."""
    world = case.world
    titles: defaultdict[int, set[str]] = defaultdict(set)
    followers: defaultdict[int, set[int]] = defaultdict(set)
    for author_id, title in world.posts.values():
        titles[author_id].add(title)
    for follower, followee in world.follows:
        followers[followee].add(follower)
    for user_id, view in world.views.items():
        name = world.users.get(user_id, "")
        if view.full_name != name or view.author_names - {name}:
            seen = sorted({view.full_name, *view.author_names})
            yield inconsistent(f"user {user_id} is called {name!r} and shown as {seen}")
        if view.titles != titles[user_id]:
            yield inconsistent(f"user {user_id}: {sorted(view.titles ^ titles[user_id])} in a list")
        if view.followers != followers[user_id]:
            yield inconsistent(f"user {user_id}: followers {view.followers ^ followers[user_id]}")
    for left in world.leftovers:
        yield inconsistent(left)
