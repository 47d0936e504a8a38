"""Few may wait for a service whose queue stands; as many as like for one that takes its time."""

from structlog.testing import capture_logs

from api_gateway.adapters.http.crowd import (
    CALM_SECONDS,
    CONVINCING,
    FEWEST,
    MOST_SHEDDING,
    MOST_UNSEEN,
    ORDINARY,
    STANDING_SECONDS,
    WINDOW_SECONDS,
    Crowd,
)

QUICK = STANDING_SECONDS / 2
SLOW = STANDING_SECONDS * 3
AWAY = 5.0


class Scene:
    """A crowd, and a clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.crowd = Crowd("things-service", lambda: self.now)

    def come(self, count: int) -> int:
        """How many of so many are refused; the others stay."""
        refused = 0
        for _ in range(count):
            if self.crowd.refuses():
                refused += 1
            else:
                self.crowd.__enter__()
        return refused

    def leave(self, count: int) -> None:
        for _ in range(count):
            self.crowd.__exit__()

    def call(self, seconds: float, *, answered: bool = True) -> None:
        """An empty call takes so long."""
        self.crowd.ask()
        self.now += seconds
        self.crowd.hear(answered=answered)

    def measure(self, seconds: float, served: int = FEWEST) -> None:
        """Calls of a whole window: so many are served by each, and one more would like to come."""
        ends = self.now + WINDOW_SECONDS + seconds
        while self.now < ends:
            self.leave(min(served, self.crowd.waiting))
            self.come(served + 1)
            self.call(seconds)

    def overload(self) -> None:
        """As many come as may, and the calls say what that does."""
        self.come(ORDINARY)
        self.crowd.ask()
        self.now += SLOW
        self.come(1)
        self.crowd.hear(answered=True)
        self.measure(SLOW)


def test_a_service_that_takes_its_time_has_any_number_wait() -> None:
    scene = Scene()
    for _ in range(10):
        assert scene.come(MOST_UNSEEN // 2) == 0
        scene.call(QUICK)


def test_nobody_knows_a_crowd_that_comes_at_once_so_it_is_bounded() -> None:
    assert Scene().come(MOST_UNSEEN + 7) == 7


def test_a_queue_that_stands_leaves_the_fewest_places() -> None:
    scene = Scene()
    scene.overload()
    assert scene.crowd.limit == FEWEST
    scene.leave(scene.crowd.waiting)
    assert scene.come(FEWEST + 3) == 3


def test_one_slow_call_leaves_no_more_places_than_a_queue_has() -> None:
    scene = Scene()
    assert scene.come(ORDINARY) == 0
    scene.crowd.ask()
    scene.now += SLOW
    assert scene.come(1) == 1
    assert scene.crowd.limit == MOST_SHEDDING


def test_one_slow_call_was_bad_luck_where_many_wait_and_the_next_ones_are_quick() -> None:
    scene = Scene()
    assert scene.come(4 * ORDINARY) == 0
    scene.call(SLOW)
    assert scene.come(1) == 1
    scene.call(QUICK)
    assert scene.come(1) == 1
    scene.leave(ORDINARY - MOST_SHEDDING)
    for _ in range(CONVINCING - 1):
        scene.call(QUICK)
        scene.leave(5)
        assert scene.come(5) == 0
    assert scene.come(MOST_UNSEEN) == 0


def test_one_quick_call_is_good_luck_where_many_wait_and_the_next_one_is_slow() -> None:
    scene = Scene()
    assert scene.come(6 * ORDINARY) == 0
    scene.call(SLOW)
    for seconds in (QUICK, SLOW, QUICK, SLOW):
        assert scene.come(1) == 1
        scene.call(seconds)
    scene.measure(SLOW)
    assert scene.crowd.limit == FEWEST


def test_slow_calls_now_and_then_leave_those_who_wait_for_slow_work_their_places() -> None:
    scene = Scene()
    assert scene.come(6 * ORDINARY) == 0
    for _ in range(20):
        scene.call(SLOW)
        scene.call(QUICK)
        scene.call(QUICK)
        scene.now += WINDOW_SECONDS / 4
        scene.leave(5)
        assert scene.come(5) == 0


def test_a_call_that_is_quick_because_few_are_let_in_lets_in_some_more() -> None:
    scene = Scene()
    scene.come(ORDINARY)
    scene.call(SLOW)
    assert scene.come(1) == 1
    scene.leave(ORDINARY - MOST_SHEDDING)
    for _ in range(CONVINCING - 1):
        scene.call(QUICK)
        assert 0 < scene.come(MOST_UNSEEN) < MOST_UNSEEN
    scene.call(QUICK)
    assert scene.come(MOST_UNSEEN) == 0


def test_an_alarm_is_right_when_calls_are_slow_again_with_more_let_in() -> None:
    scene = Scene()
    scene.come(ORDINARY)
    scene.call(SLOW)
    scene.come(1)
    scene.call(QUICK)
    scene.come(MOST_UNSEEN)
    scene.call(SLOW)
    assert scene.crowd.limit == MOST_SHEDDING
    scene.measure(SLOW)
    assert scene.crowd.limit == FEWEST


def test_slow_calls_refuse_nobody_where_few_wait() -> None:
    scene = Scene()
    scene.call(SLOW)
    assert scene.come(ORDINARY - 1) == 0


def test_a_service_that_is_away_is_not_busy() -> None:
    scene = Scene()
    scene.come(ORDINARY)
    scene.crowd.ask()
    scene.now += AWAY
    assert scene.come(ORDINARY) == 0
    scene.crowd.hear(answered=False)
    assert scene.come(ORDINARY) == 0


def test_a_service_that_goes_away_while_it_is_full_is_busy_no_more() -> None:
    scene = Scene()
    scene.overload()
    scene.call(1.0, answered=False)
    assert scene.come(MOST_UNSEEN) == 0


def test_the_log_tells_of_an_end_too_where_the_service_goes_away() -> None:
    scene = Scene()
    with capture_logs() as lines:
        for _ in range(2):
            scene.overload()
            scene.call(1.0, answered=False)
            scene.leave(scene.crowd.waiting)
    begun, ended, begun_again, ended_again = lines
    assert begun["event"] == begun_again["event"] == "too many requests wait"
    assert ended["event"] == ended_again["event"] == "no more wait"
    assert ended["refused"] == ended_again["refused"] > 0


def test_places_grow_one_by_one_while_calls_are_quick_and_are_asked_for() -> None:
    scene = Scene()
    scene.overload()
    scene.measure(QUICK)
    first = scene.crowd.limit
    scene.measure(QUICK)
    assert FEWEST < first < scene.crowd.limit <= FEWEST + 4
    for _ in range(2 * ORDINARY):
        scene.measure(QUICK)
    assert scene.crowd.limit == MOST_SHEDDING


def test_places_shrink_by_a_share_and_never_below_the_fewest() -> None:
    scene = Scene()
    scene.overload()
    for _ in range(12):
        scene.measure(QUICK)
    grown = scene.crowd.limit
    scene.measure(SLOW)
    scene.measure(SLOW)
    assert FEWEST < scene.crowd.limit < grown
    for _ in range(20):
        scene.measure(SLOW)
    assert scene.crowd.limit == FEWEST


def test_slow_work_is_no_queue_though_calls_were_slow_by_chance_for_long() -> None:
    scene = Scene()
    scene.overload()
    for _ in range(2):
        scene.measure(QUICK, served=0)
    assert not scene.crowd.is_shedding
    assert scene.come(MOST_UNSEEN) == 0


def test_when_nobody_had_to_be_refused_for_a_while_all_is_as_before() -> None:
    scene = Scene()
    scene.overload()
    scene.leave(scene.crowd.waiting)
    scene.now += CALM_SECONDS
    scene.call(QUICK)
    assert not scene.crowd.is_watched
    assert scene.come(MOST_UNSEEN) == 0


def test_who_is_let_in_counts_before_its_work_has_begun() -> None:
    crowd = Scene().crowd
    crowd.expect()
    assert crowd.waiting == 1
    with crowd:
        crowd.begun()
        assert crowd.waiting == 1
    assert crowd.waiting == 0
