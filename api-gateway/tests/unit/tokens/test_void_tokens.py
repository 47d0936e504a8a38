"""What is kept of a user's revocations says what all of them say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from api_gateway.adapters.tokens.void_tokens import VoidTokens
from api_gateway.domain.principal import Principal, Revoked

SESSIONS = st.sampled_from(["s1", "s2", "s3", "s4"])
TIMES = st.integers(0, 9).map(float)
REVOKED = st.builds(Revoked, st.just(7), st.none() | SESSIONS, st.none() | SESSIONS, TIMES)


def a_token(session_id: str, issued_at: float) -> Principal:
    return Principal(7, session_id, "t", frozenset(), 2e9, issued_at)


def kept(*revoked: Revoked) -> VoidTokens:
    void = VoidTokens()
    for one in revoked:
        void.add(one)
    return void


@settings(deadline=None)
@given(st.lists(REVOKED), SESSIONS, TIMES)
def test_a_token_is_void_if_any_revocation_covers_it(
    revoked: list[Revoked], session_id: str, issued_at: float
) -> None:
    token = a_token(session_id, issued_at)
    assert kept(*revoked).cover(token) == any(one.covers(token) for one in revoked)


@settings(deadline=None)
@given(st.lists(REVOKED), SESSIONS, TIMES, TIMES)
def test_what_is_forgotten_voids_no_token_that_may_live(
    revoked: list[Revoked], session_id: str, issued_at: float, oldest: float
) -> None:
    void, token = kept(*revoked), a_token(session_id, issued_at)
    is_left = void.prune(oldest)
    if issued_at >= oldest:
        assert void.cover(token) == any(one.covers(token) for one in revoked)
    assert is_left or not void.cover(token)


def test_nothing_is_left_of_what_is_too_old() -> None:
    every = (Revoked(7, None, None, 1.0), Revoked(7, "s1", None, 2.0), Revoked(7, None, "s1", 3.0))
    assert kept(*every).prune(2.0)
    assert not kept(*every).prune(3.0)
