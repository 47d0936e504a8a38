"""Credentials and sessions: what comes in and goes out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, Data
from api_gateway.adapters.http.schemas.users import OWN_EXAMPLE, NewUserBody, UserData
from api_gateway.domain.session import Session, TokenPair

TOKENS_EXAMPLE: Final[Mapping[str, object]] = {
    "access_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJhdCtqd3QifQ.e30.c2ln",
    "refresh_token": "4fQ0c2VjcmV0LXJlZnJlc2gtdG9rZW4",
    "token_type": "Bearer",
    "expires_in": 900,
}
REGISTERED_EXAMPLE: Final[Mapping[str, object]] = {**TOKENS_EXAMPLE, "user": OWN_EXAMPLE}
SESSION_EXAMPLE: Final[Mapping[str, object]] = {
    "id": "019aa3b0-7c1e-7000-8000-000000000001",
    "device": "Mozilla/5.0",
    "created_at": "2026-01-02T03:04:05Z",
    "last_used_at": "2026-01-02T04:04:05Z",
    "current": True,
}

# A wrong password is a wrong password, whatever its length: rules hold where one is set.
GivenPassword = Annotated[
    str, Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"})
]
RefreshToken = Annotated[str, Field(min_length=1, max_length=4096)]
SessionId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]*$")]


class RegisterBody(NewUserBody):
    """An account to be made and signed in."""


class LoginBody(Body):
    """A username or an e-mail address, and the password."""

    login: str = Field(min_length=1, max_length=254)
    password: GivenPassword


class RefreshTokenBody(Body):
    """A refresh token."""

    refresh_token: RefreshToken


class PasswordChangeBody(Body):
    """The password that is and the one that shall be."""

    old_password: GivenPassword
    new_password: fields.Password


class TokensData(Data):
    """What a login gives; `expires_in` is the life of the access token in seconds."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class RegisteredData(TokensData):
    """A first login, and whose it is."""

    user: UserData


class SessionData(Data):
    """One login."""

    id: str
    device: str
    created_at: datetime
    last_used_at: datetime
    current: bool


class SessionsData(Data):
    """The live logins of an account, the latest used first."""

    sessions: list[SessionData]


def tokens_content(pair: TokenPair) -> dict[str, Any]:
    """A login as a client sees it."""
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
    }


def session_content(session: Session, current_id: str) -> dict[str, Any]:
    """A session as its owner sees it."""
    return {
        "id": session.id,
        "device": session.device,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "current": session.id == current_id,
    }
