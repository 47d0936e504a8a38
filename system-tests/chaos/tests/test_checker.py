"""The checker: silent about a run in which all went well, and about nothing else."""

from dataclasses import replace

from chaos.checker import check
from chaos.findings import count
from chaos.ledger import Action
from chaos.tests.histories import MAYBE, NO, OK, History


def faults(history: History) -> dict[str, int]:
    """How many of each fault, those that there are."""
    found = count(check(history.ledger, history.world))
    return {name: number for name, number in found.items() if number}


def a_good_run() -> History:
    """A bit of everything."""
    history = History("ada", "grace", "linus", "edsger")
    history.follow("grace", "ada")
    history.follow("linus", "ada")
    history.post("ada", "one")
    history.unfollow("linus", "ada")
    history.post("ada", "two")
    history.delete_post("ada", "one")
    history.follow("linus", "ada")
    history.post("ada", "three")
    for name in ("ada", "grace", "linus", "edsger"):
        history.view(name)
    return history


def test_nothing_is_wrong_with_a_run_in_which_every_request_has_its_effects() -> None:
    assert faults(a_good_run()) == {}


def test_an_account_that_is_gone_without_its_owner_leaving_is_lost() -> None:
    history = History("ada")
    history.world.users.clear()
    history.world.credentials.clear()
    assert faults(history) == {"lost": 1}


def test_half_an_account_is_inconsistent_whatever_was_answered() -> None:
    history = History()
    history.register("ada", MAYBE)
    assert faults(history) == {}
    history.world.credentials.clear()
    assert faults(history) == {"inconsistent": 1}


def test_an_account_that_was_refused_must_not_be_there() -> None:
    history = History()
    history.register("ada", NO)
    assert faults(history) == {"doubled": 1}


def test_a_name_must_be_the_last_one_that_was_acknowledged_or_one_that_may_be() -> None:
    history = History("ada")
    history.note("ada", Action.RENAME, "Ada L.")
    assert faults(history) == {"lost": 1}
    history.world.users[1] = "Ada L."
    assert faults(history) == {}
    history.note("ada", Action.RENAME, "Ada K.", MAYBE)
    assert faults(history) == {}


def test_a_follow_without_its_relation_is_lost() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.world.follows.clear()
    assert faults(history)["lost"] >= 1


def test_a_follow_of_which_nobody_was_told_is_lost() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.world.notifications.clear()
    history.count(1)
    assert faults(history) == {"lost": 2}  # told too seldom, and nothing to be seen


def test_a_follow_that_is_told_twice_is_doubled() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.tell("ada", "follow:2:1")
    assert faults(history)["doubled"] == 1


def test_a_follow_that_is_announced_twice_is_doubled() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.event("relation.follow_created.v1", 2, 1)
    assert faults(history)["doubled"] == 1


def test_an_event_that_never_arrived_is_lost() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    del history.world.claims[history.world.events[-1].id]
    assert faults(history) == {"lost": 1}


def test_a_follow_of_unknown_end_is_there_with_all_its_effects_or_with_none() -> None:
    whole = History("ada", "grace")
    whole.follow("grace", "ada", MAYBE)
    assert faults(whole) == {}
    nothing = History("ada", "grace")
    nothing.note("grace", Action.FOLLOW, "ada", MAYBE)
    assert faults(nothing) == {}
    half = History("ada", "grace")
    half.follow("grace", "ada", MAYBE)
    half.world.notifications.clear()
    half.count(1)
    assert faults(half)["lost"] >= 1
    other_half = History("ada", "grace")
    other_half.note("grace", Action.FOLLOW, "ada", MAYBE)
    other_half.world.follows.add((2, 1))
    assert faults(other_half)["inconsistent"] == 1


def test_a_refused_follow_must_have_no_effect() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada", NO)
    assert faults(history)["doubled"] == 1


def test_what_an_unfollow_ends_must_be_withdrawn_unless_it_was_read() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.unfollow("grace", "ada")
    history.world.notifications = [
        one._replace(is_withdrawn=False, is_read=True) for one in history.world.notifications
    ]
    history.count(1)
    assert faults(history) == {"lost": 1}
    history.note("ada", Action.READ_ALL)
    assert faults(history) == {}


def test_a_post_that_a_steady_follower_is_not_told_of_is_lost() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.post("ada", "one")
    history.world.notifications = [
        one for one in history.world.notifications if not one.subject.startswith("post")
    ]
    history.count(2)
    assert faults(history) == {"lost": 1}


def test_a_post_that_somebody_is_told_of_twice_is_doubled() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.post("ada", "one")
    history.tell("grace", "post:1")
    assert faults(history) == {"doubled": 1}


def test_a_post_that_was_made_twice_for_one_request_is_doubled() -> None:
    history = History("ada")
    history.post("ada", "one", MAYBE)
    history.post_ids["again"] = 2
    history.world.posts[2] = (1, "one")
    history.event("post.created.v1", 2, 1, text="one")
    assert faults(history)["doubled"] == 1


def test_whoever_does_not_follow_is_not_told() -> None:
    history = History("ada", "grace", "linus")
    history.follow("grace", "ada")
    history.unfollow("grace", "ada")
    history.post("ada", "one")
    history.tell("grace", "post:1")
    history.tell("linus", "post:1")
    assert faults(history) == {"doubled": 2}


def test_a_deletion_of_unknown_end_may_have_happened_or_not() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    history.post("ada", "one")
    history.note("ada", Action.DELETE_POST, "one", MAYBE)
    assert faults(history) == {}
    other = History("ada", "grace")
    other.follow("grace", "ada")
    other.post("ada", "one")
    other.delete_post("ada", "one", MAYBE)
    assert faults(other) == {}


def test_a_deletion_that_was_acknowledged_and_has_not_happened_is_lost() -> None:
    history = History("ada")
    history.post("ada", "one")
    history.note("ada", Action.DELETE_POST, "one", OK)
    assert faults(history) == {"lost": 1}


def test_posts_of_one_author_are_told_in_their_order() -> None:
    history = History("ada", "grace")
    history.follow("grace", "ada")
    for title in ("one", "two", "three"):
        history.post("ada", title)
    assert history.subjects("grace") == ["post:1", "post:2", "post:3"]
    swap_seqs(history, 2, 3)
    assert faults(history) == {"out_of_order": 1}


def test_follows_of_requests_that_did_not_overlap_are_told_in_their_order() -> None:
    history = History("ada", "grace", "linus")
    history.follow("grace", "ada")
    history.follow("linus", "ada")
    swap_seqs(history, 1, 2)
    assert faults(history) == {"out_of_order": 1}
    overlapping = replace(history.ledger.entries[-1], started=0.0)
    history.ledger.entries[-1] = overlapping
    assert faults(history) == {}


def swap_seqs(history: History, one: int, other: int) -> None:
    """Exchange two seqs."""
    seqs = {one: other, other: one}
    history.world.notifications = [
        each._replace(seq=seqs.get(each.seq, each.seq)) for each in history.world.notifications
    ]


def test_a_gap_in_the_seqs_is_found() -> None:
    history = a_good_run()
    history.world.views.clear()
    last = history.world.notifications[-1]
    history.world.notifications[-1] = last._replace(seq=last.seq + 1)
    assert faults(history) == {"inconsistent": 1}


def test_a_count_that_does_not_fit_the_inbox_is_found() -> None:
    history = a_good_run()
    history.world.views.clear()
    inbox = history.world.inboxes[1]
    history.world.inboxes[1] = inbox._replace(unread=inbox.unread - 1)
    assert faults(history) == {"inconsistent": 1}


def test_a_view_that_is_not_what_the_databases_hold_is_found() -> None:
    for spoil in ("unread", "feed", "full_name", "titles", "followers"):
        history = a_good_run()
        view = history.world.views[1]
        setattr(view, spoil, type(getattr(view, spoil))())
        assert faults(history) == {"inconsistent": 1}, spoil


def test_what_has_not_come_to_rest_is_found() -> None:
    history = History("ada")
    history.world.leftovers.append("post-service: 3 events are unsent")
    assert faults(history) == {"inconsistent": 1}


def test_what_is_left_of_an_account_that_is_gone_is_found() -> None:
    history = a_good_run()
    history.world.views.clear()
    history.note("ada", Action.LEAVE)
    assert faults(history)["lost"] == 1
    del history.world.users[1]
    history.world.credentials.discard(1)
    assert faults(history)["lost"] >= 4  # two relations, two posts
