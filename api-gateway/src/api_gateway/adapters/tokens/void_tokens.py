"""Which tokens of one user are void, in as much room as the user has sessions that ended."""

from typing import Final

from api_gateway.domain.principal import Principal, Revoked

_NEVER: Final = float("-inf")
_MOST_SPARED: Final = 2
"""The latest that spares any other session is one of the latest two."""


class VoidTokens:
    """The revocations of one user; of those of the same tokens the latest is what counts."""

    __slots__ = ("_all", "_sessions", "_sparing")

    def __init__(self) -> None:
        self._all = _NEVER
        self._sessions: dict[str, float] = {}
        self._sparing: dict[str, float] = {}

    def add(self, revoked: Revoked) -> None:
        """Keep one more; one that was kept already changes nothing."""
        time, session, spared = revoked.issued_before, revoked.session_id, revoked.except_session_id
        if session is not None:
            if session != spared:
                self._sessions[session] = max(time, self._sessions.get(session, _NEVER))
        elif spared is None:
            self._all = max(time, self._all)
        else:
            self._sparing[spared] = max(time, self._sparing.get(spared, _NEVER))
            if len(self._sparing) > _MOST_SPARED:
                del self._sparing[min(self._sparing, key=self._sparing.__getitem__)]

    def cover(self, principal: Principal) -> bool:
        """Whether any of them covers the token of `principal`, who is this user."""
        issued, session = principal.issued_at, principal.session_id
        return (
            issued < self._all
            or issued < self._sessions.get(session, _NEVER)
            or any(issued < time for spared, time in self._sparing.items() if spared != session)
        )

    def prune(self, oldest: float) -> bool:
        """Forget what voids only tokens issued up to `oldest`; whether anything is left."""
        if self._all <= oldest:
            self._all = _NEVER
        self._sessions = _later(self._sessions, oldest)
        self._sparing = _later(self._sparing, oldest)
        return self._all > _NEVER or bool(self._sessions or self._sparing)


def _later(times: dict[str, float], oldest: float) -> dict[str, float]:
    return {session: time for session, time in times.items() if time > oldest}
