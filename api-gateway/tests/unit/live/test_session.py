"""What one client is sent, whatever arrives."""

from api_gateway.application.live.frames import (
    Frame,
    entry_frame,
    ready_frame,
    reset_frame,
    tombstone_frame,
    unread_frame,
    withdrawn_frame,
)
from api_gateway.application.live.inbox import InboxState
from api_gateway.application.live.session import Filling, Session
from tests.live.builders import an_entry, arrival, filling, gone


def live_at(seq: int, unread: int = 0) -> Session:
    session = Session()
    session.resume(None, InboxState(seq, unread))
    return session


def seqs(frames: list[Frame]) -> list[int | None]:
    return [frame.seq for frame in frames]


def test_nothing_is_sent_before_the_client_resumes() -> None:
    session = Session()
    assert session.positioned(InboxState(3, 1)) == []
    assert session.notified(arrival(4)) == []
    assert session.unread(7) == []
    assert session.withdrawn(gone(2, unread=0)) == []
    assert session.missing is None


def test_without_a_seq_it_goes_on_from_now() -> None:
    session = Session()
    assert session.resume(None, InboxState(124, 4)) == [ready_frame(InboxState(124, 4), 124, None)]
    assert session.missing is None
    assert session.notified(arrival(125)) == [arrival(125)]


def test_a_resume_waits_for_the_inbox_to_answer() -> None:
    session = Session()
    assert session.resume(5, None) == []
    assert session.positioned(InboxState(5, 2)) == [ready_frame(InboxState(5, 2), 5, "caught_up")]


def test_what_was_missed_comes_first_in_order_and_then_what_is_new() -> None:
    session = Session()
    ready = session.resume(120, InboxState(122, 2))
    assert ready == [ready_frame(InboxState(122, 2), 120, "caught_up")]
    assert session.missing == 120
    assert session.notified(arrival(123, unread=2)) == []
    assert seqs(session.filled(filling(120, 123, unread=2))) == [121, 122, 123]
    assert seqs(session.notified(arrival(124, unread=3))) == [124]


def test_a_tombstone_tells_its_seq_too() -> None:
    session = Session()
    session.resume(0, InboxState(2, 1))
    tomb = entry_frame(an_entry(1, withdrawn=True), 1)
    whole = Filling([tomb, entry_frame(an_entry(2), 1)], InboxState(2, 1))
    assert session.filled(whole) == [tombstone_frame(101, 1, 1), entry_frame(an_entry(2), 1)]


def test_repeats_are_dropped() -> None:
    session = live_at(3)
    assert seqs(session.notified(arrival(4))) == [4]
    assert session.notified(arrival(4)) == []
    assert session.notified(arrival(2)) == []


def test_a_gap_is_fetched_and_nothing_overtakes_it() -> None:
    session = live_at(3)
    assert session.notified(arrival(5, unread=2)) == []
    assert session.missing == 3
    assert seqs(session.filled(filling(3, 5, unread=2))) == [4, 5]
    assert session.missing is None


def test_an_entry_that_closes_the_gap_is_not_fetched_twice() -> None:
    session = live_at(3)
    session.notified(arrival(5, unread=2))
    session.fetching()
    assert seqs(session.notified(arrival(4, unread=1))) == [4]
    assert session.missing == 4
    assert seqs(session.filled(filling(3, 5, unread=2))) == [5]


def test_entries_come_in_pages() -> None:
    session = Session()
    session.resume(0, InboxState(3, 0))
    assert seqs(session.filled(filling(0, 2, head=3))) == [1, 2]
    assert session.missing == 2
    assert seqs(session.filled(filling(2, 3))) == [3]
    assert session.missing is None


def test_a_later_answer_of_the_inbox_shows_what_was_lost() -> None:
    session = live_at(3, unread=1)
    assert session.positioned(InboxState(3, 1)) == []
    assert session.positioned(InboxState(5, 3)) == []
    assert session.missing == 3


def test_an_answer_older_than_what_arrived_since_is_not_believed() -> None:
    session = live_at(3)
    session.notified(arrival(4, unread=4))
    assert session.positioned(InboxState(3, 3)) == []
    assert session.missing is None


def test_who_missed_a_thousand_gets_them_and_who_missed_more_is_reset() -> None:
    session = Session()
    assert seqs(session.resume(1, InboxState(1001, 0))) == [1]
    assert session.missing == 1
    far = Session()
    ready = ready_frame(InboxState(1002, 9), 1, "reset")
    assert far.resume(1, InboxState(1002, 9)) == [ready, reset_frame(1002)]
    assert far.missing is None
    assert seqs(far.notified(arrival(1003))) == [1003]


def test_a_live_client_that_falls_too_far_behind_is_reset() -> None:
    session = live_at(3)
    assert session.positioned(InboxState(1004, 9)) == [reset_frame(1004), unread_frame(9)]


def test_history_that_is_gone_is_a_reset_and_no_gap() -> None:
    session = Session()
    session.resume(5, InboxState(9, 0))
    pruned = Filling([entry_frame(an_entry(8), 0), entry_frame(an_entry(9), 0)], InboxState(9, 0))
    assert session.filled(pruned) == [reset_frame(9)]


def test_history_that_is_gone_up_to_the_newest_is_a_reset_and_not_asked_for_again() -> None:
    session = Session()
    session.resume(5, InboxState(6, 0))
    assert session.filled(Filling([], InboxState(6, 0))) == [reset_frame(6)]
    assert session.missing is None


def test_a_client_ahead_of_what_is_known_here_asks_the_inbox_itself() -> None:
    session = Session()
    assert session.resume(7, InboxState(6, 0)) == []
    assert session.missing == 7
    told = session.filled(Filling([], InboxState(8, 1)))
    assert told == [ready_frame(InboxState(8, 1), 7, "caught_up")]
    assert session.missing == 7


def test_a_client_ahead_of_the_inbox_is_reset() -> None:
    session = Session()
    session.resume(7, InboxState(3, 0))
    told = session.filled(Filling([], InboxState(3, 0)))
    assert told == [ready_frame(InboxState(3, 0), 7, "reset"), reset_frame(3)]


def test_what_arrives_while_the_inbox_is_asked_is_fetched() -> None:
    session = Session()
    session.resume(7, InboxState(6, 0))
    assert session.notified(arrival(8)) == []
    session.filled(Filling([], InboxState(7, 0)))
    assert session.missing == 7


def test_a_withdrawal_of_what_was_seen_has_no_seq() -> None:
    session = live_at(9, unread=5)
    assert session.withdrawn(gone(4, unread=4)) == [withdrawn_frame(104, 4)]
    assert session.last == 9


def test_a_withdrawal_of_the_next_one_takes_its_place() -> None:
    session = live_at(9)
    assert session.withdrawn(gone(10, unread=0)) == [tombstone_frame(110, 10, 0)]
    assert session.notified(arrival(10)) == []
    assert seqs(session.notified(arrival(11))) == [11]


def test_a_withdrawal_beats_a_fetch_that_still_found_it() -> None:
    session = live_at(9)
    session.notified(arrival(11, unread=2))
    session.fetching()
    assert session.withdrawn(gone(11, unread=1)) == []
    frames = session.filled(filling(9, 11, unread=2))
    assert frames[0] == entry_frame(an_entry(10), 2)
    assert frames[1] == tombstone_frame(111, 11, 1)


def test_a_count_is_told_once() -> None:
    session = live_at(3, unread=2)
    assert session.unread(0) == [unread_frame(0)]
    assert session.unread(0) == []


def test_a_count_waits_until_nothing_is_missing() -> None:
    session = live_at(3, unread=3)
    session.notified(arrival(5, unread=5))
    session.fetching()
    assert session.unread(0) == []
    frames = session.filled(filling(3, 5, unread=5))
    assert seqs(frames[:2]) == [4, 5]
    assert frames[2:] == [unread_frame(0)]


def test_a_count_older_than_the_fetch_is_forgotten() -> None:
    session = live_at(3, unread=3)
    session.notified(arrival(5, unread=5))
    session.fetching()
    assert session.unread(0) == []
    assert seqs(session.filled(filling(3, 6, unread=1))) == [4, 5, 6]
    assert session.notified(arrival(6, unread=1)) == []


def test_an_entry_withdrawn_before_it_arrives_is_a_tombstone() -> None:
    session = live_at(9)
    assert session.withdrawn(gone(11, unread=0)) == []
    assert seqs(session.notified(arrival(10, unread=1))) == [10]
    assert session.notified(arrival(11, unread=2))[0] == tombstone_frame(111, 11, 0)
