"""Who is calling."""

from dataclasses import dataclass

from service_kit.errors import Unauthenticated


class InvalidToken(Unauthenticated):
    """What the caller shows is no well-formed token."""

    code = "INVALID_TOKEN"
    message = "invalid token"


class TokenExpired(Unauthenticated):
    """The token was good once."""

    code = "TOKEN_EXPIRED"
    message = "token expired"


@dataclass(frozen=True, slots=True)
class Principal:
    """The account and session behind a verified access token; times are Unix seconds."""

    user_id: int
    session_id: str
    token_id: str
    roles: frozenset[str]
    expires_at: float
    issued_at: float


@dataclass(frozen=True, slots=True)
class Revoked:
    """Tokens of a user that are void from now on.

    `session_id` narrows it to one session, `except_session_id` spares one; tokens issued at or
    after `issued_before` (Unix seconds) are untouched.
    """

    user_id: int
    session_id: str | None
    except_session_id: str | None
    issued_before: float

    def covers(self, principal: Principal) -> bool:
        """Whether the token of `principal` is void by this revocation."""
        return (
            principal.user_id == self.user_id
            and self.session_id in (None, principal.session_id)
            and principal.session_id != self.except_session_id
            and principal.issued_at < self.issued_before
        )
