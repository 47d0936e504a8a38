"""Credentials and sessions: register, log in and out, change the password."""

from typing import Final

from service_kit.errors import Unavailable

from api_gateway.adapters.http.answer import Answer, created, no_content, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import Access, Refusal, Success, operation
from api_gateway.adapters.http.routes.users import EMAIL_TAKEN, USERNAME_TAKEN
from api_gateway.adapters.http.schemas.auth import (
    REGISTERED_EXAMPLE,
    SESSION_EXAMPLE,
    TOKENS_EXAMPLE,
    LoginBody,
    PasswordChangeBody,
    RefreshTokenBody,
    RegisterBody,
    RegisteredData,
    SessionId,
    SessionsData,
    TokensData,
    session_content,
    tokens_content,
)
from api_gateway.adapters.http.schemas.envelopes import MessageData
from api_gateway.adapters.http.schemas.users import NEW_USER_EXAMPLE, new_account, user_content
from api_gateway.application.ports import Accounts, Users
from api_gateway.domain.session import Client
from api_gateway.domain.user import MadeAccount

INVALID_LOGIN: Final = Refusal(
    401, "INVALID_CREDENTIALS", "invalid credentials: wrong password or user not found"
)
INVALID_PASSWORD: Final = Refusal(401, "INVALID_CREDENTIALS", "invalid credentials")
INVALID_REFRESH_TOKEN: Final = Refusal(401, "INVALID_REFRESH_TOKEN", "invalid refresh token")
TOO_MANY_ATTEMPTS: Final = Refusal(429, "TOO_MANY_ATTEMPTS", "too many failed attempts")
TOO_MANY_SIGN_INS: Final = Refusal(503, "OVERLOADED", "too many sign-ins at once")
ACCOUNT_NOT_FOUND: Final = Refusal(404, "ACCOUNT_NOT_FOUND", "account not found")
SESSION_NOT_FOUND: Final = Refusal(404, "SESSION_NOT_FOUND", "session not found")

_PASSWORD_CHANGED: Final = "Password updated successfully"  # noqa: S105 - no password
_CHANGED: Final = Success(200, MessageData, {"message": _PASSWORD_CHANGED}, _PASSWORD_CHANGED)
_CHANGE_ERRORS: Final = (
    INVALID_PASSWORD,
    ACCOUNT_NOT_FOUND,
    TOO_MANY_ATTEMPTS,
    TOO_MANY_SIGN_INS,
)
_CHANGE_EXAMPLE: Final = {"old_password": "analytical engine", "new_password": "difference engine"}
_REFRESH_EXAMPLE: Final = {"refresh_token": TOKENS_EXAMPLE["refresh_token"]}
_MAX_DEVICE: Final = 255


class AuthRoutes:
    """Operations on /auth."""

    def __init__(self, accounts: Accounts, users: Users) -> None:
        self._accounts = accounts
        self._users = users

    @operation(
        "POST",
        "/auth/register",
        "register",
        "Make an account and sign in",
        access=Access.OPEN,
        hashes=True,
        success=Success(201, RegisteredData, REGISTERED_EXAMPLE, "user registered"),
        errors=(USERNAME_TAKEN, EMAIL_TAKEN, TOO_MANY_SIGN_INS),
        limit="register",
        example=NEW_USER_EXAMPLE,
    )
    async def register(self, call: Call, body: RegisterBody) -> Answer:
        """Username and e-mail address are unique without regard to case."""
        account = new_account(body)
        pair = await self._accounts.register(account, _client(call))
        made = MadeAccount(pair.user_id, pair.registered_at)
        user = made.profile(account) or await self._users.get(pair.user_id)
        if user is None:
            raise Unavailable
        content = {**tokens_content(pair), "user": user_content(user, with_email=True)}
        return created(content, "user registered")

    @operation(
        "POST",
        "/auth/login",
        "login",
        "Sign in",
        access=Access.OPEN,
        hashes=True,
        success=Success(200, TokensData, TOKENS_EXAMPLE, "logged in"),
        errors=(INVALID_LOGIN, TOO_MANY_ATTEMPTS, TOO_MANY_SIGN_INS),
        limit="login",
        example={"login": "ada", "password": "analytical engine"},
    )
    async def login(self, call: Call, body: LoginBody) -> Answer:
        """A wrong password and an unknown account get the same answer in the same time."""
        pair = await self._accounts.login(body.login, body.password, _client(call))
        return ok(tokens_content(pair), "logged in")

    @operation(
        "POST",
        "/auth/refresh",
        "refresh",
        "Renew the tokens",
        access=Access.OPEN,
        success=Success(200, TokensData, TOKENS_EXAMPLE, "tokens refreshed"),
        errors=(INVALID_REFRESH_TOKEN,),
        limit="refresh",
        example=_REFRESH_EXAMPLE,
    )
    async def refresh(self, body: RefreshTokenBody) -> Answer:
        """A refresh token is good once; within 20 s it gives the same successor again."""
        pair = await self._accounts.refresh(body.refresh_token)
        return ok(tokens_content(pair), "tokens refreshed")

    @operation(
        "POST",
        "/auth/logout",
        "logout",
        "Sign out",
        access=Access.OPEN,
        success=Success(message="logged out"),
        errors=(INVALID_REFRESH_TOKEN,),
        example=_REFRESH_EXAMPLE,
    )
    async def logout(self, body: RefreshTokenBody) -> Answer:
        """The session ends: its tokens are void within a second."""
        await self._accounts.logout(body.refresh_token)
        return ok(message="logged out")

    @operation(
        "PUT",
        "/auth/update-password",
        "updatePassword",
        "Change one's own password",
        access=Access.TOKEN,
        hashes=True,
        success=_CHANGED,
        errors=_CHANGE_ERRORS,
        example=_CHANGE_EXAMPLE,
    )
    @operation(
        "POST",
        "/auth/update-password",
        "updatePasswordByPost",
        "Change one's own password (compat)",
        access=Access.TOKEN,
        hashes=True,
        success=_CHANGED,
        errors=_CHANGE_ERRORS,
        example=_CHANGE_EXAMPLE,
        deprecated=True,
    )
    async def update_password(self, call: Call, body: PasswordChangeBody) -> Answer:
        """Every other session of the account ends."""
        await self._accounts.update_password(call.caller, body.old_password, body.new_password)
        return ok({"message": _PASSWORD_CHANGED}, _PASSWORD_CHANGED)

    @operation(
        "GET",
        "/auth/sessions",
        "listSessions",
        "One's own logins",
        access=Access.TOKEN,
        success=Success(200, SessionsData, {"sessions": [SESSION_EXAMPLE]}, "sessions found"),
    )
    async def sessions(self, call: Call) -> Answer:
        """The latest used first; `current` is the one that asks."""
        found = await self._accounts.sessions(call.caller.user_id)
        content = [session_content(session, call.caller.session_id) for session in found]
        return ok({"sessions": content}, "sessions found")

    @operation(
        "DELETE",
        "/auth/sessions/{session_id}",
        "revokeSession",
        "End one of one's own logins",
        access=Access.TOKEN,
        success=Success(204),
        errors=(SESSION_NOT_FOUND,),
    )
    async def revoke_session(self, call: Call, session_id: SessionId) -> Answer:
        """Its tokens are void within a second."""
        await self._accounts.revoke_session(call.caller.user_id, session_id)
        return no_content()


def _client(call: Call) -> Client:
    device = "".join(letter for letter in call.field("user-agent") or "" if letter.isprintable())
    return Client(device[:_MAX_DEVICE], call.address)
