"""Who has written lately, and what is known of it while other gateways are not heard."""

from api_gateway.application.recent_writes import RecentWrites
from tests.fakes.live import ManualClock

WRITER, SOMEBODY = 7, 8


def test_after_a_silence_of_others_everybody_may_have_written_until_it_ended() -> None:
    clock = ManualClock(10.0)
    writes = RecentWrites(clock)
    writes.hears(True)
    clock.now = 20.0
    writes.note(WRITER, profile=True)
    clock.now = 30.0
    writes.hears(False)
    clock.now = 40.0
    writes.hears(True)
    for user_id in (WRITER, SOMEBODY, None):
        assert writes.since_written(user_id) == 40.0
    assert writes.since_profile(WRITER) == 40.0
