"""What is silent is not pushed, is not lost, and leaves no gap."""

from api_gateway.application.live.frames import ready_frame, tombstone_frame, unread_frame
from api_gateway.application.live.inbox import InboxState
from api_gateway.application.live.session import Session
from tests.live.builders import arrival, filling, gone
from tests.unit.live.test_session import live_at, seqs


def silent_at(last: int, *silent: int) -> Session:
    """A client that has come to `last`, and was told nothing of what is silent."""
    session = live_at(last)
    for seq in silent:
        assert session.notified(arrival(seq), silent=True) == []
    return session


def test_what_is_silent_is_neither_sent_nor_missed() -> None:
    assert silent_at(4, 5, 6).missing is None


def test_it_comes_in_its_place_before_the_next_one_that_is_due() -> None:
    session = silent_at(4, 5, 6)
    assert session.notified(arrival(7, unread=3)) == []
    assert session.missing == 4
    assert seqs(session.filled(filling(4, 7, unread=3))) == [5, 6, 7]
    assert seqs(session.notified(arrival(8))) == [8]


def test_where_nothing_is_due_a_look_at_the_inbox_changes_nothing() -> None:
    session = silent_at(4, 5)
    for due_seq in (0, 4):
        assert session.positioned(InboxState(5, 9), due_seq) == []
        assert session.missing is None


def test_a_lower_count_that_was_lost_is_told_though_what_is_newest_is_silent() -> None:
    session = live_at(4, unread=2)
    session.notified(arrival(5, unread=3), silent=True)
    assert session.positioned(InboxState(5, 1), 4) == [unread_frame(1)]
    assert session.positioned(InboxState(5, 1), 4) == []
    assert session.missing is None


def test_when_quiet_hours_are_over_a_look_at_the_inbox_finds_it_due() -> None:
    session = silent_at(4, 5, 6)
    assert session.positioned(InboxState(6, 2), 6) == []
    assert session.missing == 4
    assert seqs(session.filled(filling(4, 6, unread=2))) == [5, 6]


def test_of_an_inbox_that_is_due_in_part_all_up_to_there_is_fetched() -> None:
    session = live_at(4)
    assert session.positioned(InboxState(9, 5), 7) == []
    assert session.missing == 4


def test_what_is_withdrawn_before_it_was_due_is_told_by_its_tombstone_later() -> None:
    session = silent_at(4, 5, 6)
    assert session.withdrawn(gone(6, unread=1)) == []
    assert session.withdrawn(gone(5, unread=0)) == []
    assert session.missing is None
    assert session.notified(arrival(7)) == []
    assert session.missing == 4


def test_what_is_withdrawn_while_it_is_fetched_is_a_tombstone() -> None:
    session = silent_at(4, 5, 6)
    session.notified(arrival(7))
    withdrawn = gone(6, unread=1)
    assert session.withdrawn(withdrawn) == []
    frames = session.filled(filling(4, 7, unread=1))
    assert frames[1] == tombstone_frame(withdrawn.what.notification_id, 6, 1)
    assert seqs(frames) == [5, 6, 7]


def test_what_is_silent_and_withdrawn_while_a_fetch_may_have_read_it_is_a_tombstone() -> None:
    session = silent_at(4, 5)
    session.notified(arrival(6, unread=2))
    session.fetching()
    assert session.notified(arrival(7, unread=3), silent=True) == []
    assert session.withdrawn(gone(7, unread=2)) == []
    frames = session.filled(filling(4, 7, unread=3))
    assert seqs(frames) == [5, 6, 7]
    assert frames[2] == tombstone_frame(107, 7, 2)


def test_of_a_count_and_a_fetch_the_one_that_knows_more_of_what_is_silent_is_told() -> None:
    session = silent_at(4, 5)
    session.notified(arrival(6, unread=2))
    session.fetching()
    session.notified(arrival(7, unread=3), silent=True)
    session.unread(0)
    session.notified(arrival(8, unread=1), silent=True)
    assert session.filled(filling(4, 7, unread=3))[3:] == [unread_frame(0)]


def test_a_count_is_older_than_a_fetch_that_knows_of_something_silent_after_it() -> None:
    session = silent_at(4, 5)
    session.notified(arrival(6, unread=2))
    session.fetching()
    session.unread(0)
    session.notified(arrival(7, unread=1), silent=True)
    frames = session.filled(filling(4, 7, unread=1))
    assert (seqs(frames), frames[2].unread) == ([5, 6, 7], 1)


def test_a_client_that_comes_asks_for_itself_and_gets_all() -> None:
    session = Session()
    ready = session.resume(4, InboxState(6, 2))
    assert ready == [ready_frame(InboxState(6, 2), 4, "caught_up")]
    assert session.missing == 4
