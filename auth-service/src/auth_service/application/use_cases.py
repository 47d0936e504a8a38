"""What one can do with a password and with the sessions that it opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from auth_service.application.ports import Credentials, Passwords, Sessions, Users
from auth_service.application.throttling import Throttle
from auth_service.application.tokens import Tokens
from auth_service.application.units import UnitOfWork, Units
from auth_service.domain.errors import (
    AccountNotFound,
    InvalidCredentials,
    InvalidRefreshToken,
    SessionNotFound,
    WrongPassword,
)
from auth_service.domain.events import AuthEvent, Kind
from auth_service.domain.models import Client, Credential, Role, Session, Standing, TokenPair
from auth_service.domain.rules import PasswordRules, check_login
from auth_service.domain.throttle import change_guess, login_guess

_NOBODY = 0


@dataclass(frozen=True, slots=True)
class Logins:
    """Logging in, and changing what one logs in with."""

    users: Users
    passwords: Passwords
    credentials: Credentials
    units: Units
    throttle: Throttle
    tokens: Tokens
    rules: PasswordRules

    async def login(self, login: str, password: str, client: Client) -> TokenPair:
        """Open a session. An unknown account takes the same steps as a wrong password.

        Raises `InvalidCredentials`, `TooManyAttempts`, `Overloaded`, `InvalidAccount`.
        """
        check_login(login, password)
        self.passwords.check_room()  # before anything is looked up for nothing
        guess = login_guess(login, client.address)
        await self.throttle.admit(guess)
        credential = await self.credentials.get(await self.users.find(login) or _NOBODY)
        if await self._matches(credential, password) and credential is not None:
            rehashed = await self._rehashed(credential, password)
            async with self.units.begin() as unit:
                await self.throttle.right(guess, unit)
                if rehashed is not None:
                    await unit.accounts.rehash(credential.user_id, credential.version, rehashed)
                if (pair := await self._sign_in(unit, credential, client)) is not None:
                    return pair
        failed = AuthEvent(Kind.LOGIN_FAILED, _user(credential), client=client)
        await self.throttle.wrong(guess, failed)
        raise InvalidCredentials

    async def update_password(
        self, user_id: int, old: str, new: str, keep_session: UUID | None
    ) -> None:
        """Change the password, and end every session of the user but one.

        Raises `WrongPassword`, `TooManyAttempts`, `Overloaded`, `InvalidAccount`.
        """
        self.rules.check("new_password", new)
        guess = change_guess(user_id)
        await self.throttle.admit(guess)
        credential = await self.credentials.get(user_id)
        if not await self._matches(credential, old) or credential is None:
            failed = AuthEvent(Kind.PASSWORD_CHANGE_FAILED, _user(credential))
            await self.throttle.wrong(guess, failed)
            raise WrongPassword
        self.rules.check("new_password", new, await self.users.names(user_id))
        password_hash = await self.passwords.hash(new)
        async with self.units.begin() as unit:
            await self.throttle.right(guess, unit)
            accounts = unit.accounts
            if not await accounts.change_password(user_id, credential.version, password_hash):
                raise WrongPassword
            await unit.sessions.end_all(user_id, spare=keep_session)
            await unit.record(AuthEvent(Kind.PASSWORD_CHANGED, user_id, keep_session))

    async def _matches(self, credential: Credential | None, password: str) -> bool:
        password_hash = None if credential is None else credential.password_hash
        return await self.passwords.matches(password_hash, password)

    async def _rehashed(self, credential: Credential, password: str) -> str | None:
        if not self.passwords.is_outdated(credential.password_hash):
            return None
        return await self.passwords.hash(password)

    async def _sign_in(
        self, unit: UnitOfWork, credential: Credential, client: Client
    ) -> TokenPair | None:
        user_id = credential.user_id
        signed_in = await self.tokens.sign_in(unit, user_id, credential.version, client)
        if signed_in is None:
            return None
        pair, session_id = signed_in
        await unit.record(AuthEvent(Kind.LOGGED_IN, user_id, session_id, client))
        return pair


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What one can do with sessions once they are open."""

    sessions: Sessions
    units: Units
    tokens: Tokens

    async def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair of tokens of a session; within the grace the same successor again.

        A replay after it ends the session. Raises `InvalidRefreshToken`.
        """
        pair = None
        async with self.units.begin() as unit:
            digest = self.tokens.refresh_tokens.digest(refresh_token)
            token = await unit.sessions.present(digest)
            if token is None:
                raise InvalidRefreshToken
            user_id, session_id = token.grant.user_id, token.grant.session_id
            match token.standing(self.tokens.lives.grace):
                case Standing.CURRENT:
                    pair = await self.tokens.rotate(unit, token, refresh_token)
                    await unit.record(AuthEvent(Kind.REFRESHED, user_id, session_id))
                case Standing.SPENT_JUST_NOW:
                    pair = await self.tokens.repeat(unit, token, refresh_token)
                case Standing.REPLAYED:
                    await unit.sessions.end(user_id, session_id)
                    await unit.record(AuthEvent(Kind.REFRESH_REPLAYED, user_id, session_id))
        if pair is None:
            raise InvalidRefreshToken
        return pair

    async def logout(self, refresh_token: str) -> None:
        """End the session that a refresh token is of. Raises `InvalidRefreshToken`."""
        async with self.units.begin() as unit:
            token = await unit.sessions.present(self.tokens.refresh_tokens.digest(refresh_token))
            if token is None or token.standing(self.tokens.lives.grace) is Standing.DEAD:
                raise InvalidRefreshToken
            await unit.sessions.end(token.grant.user_id, token.grant.session_id)
            await unit.record(
                AuthEvent(Kind.LOGGED_OUT, token.grant.user_id, token.grant.session_id)
            )

    async def list(self, user_id: int) -> list[Session]:
        """The living sessions of a user, the latest used first."""
        return await self.sessions.living(user_id)

    async def revoke(self, user_id: int, session_id: UUID) -> None:
        """End one session of a user. Raises `SessionNotFound`."""
        async with self.units.begin() as unit:
            if not await unit.sessions.end(user_id, session_id):
                raise SessionNotFound
            await unit.record(AuthEvent(Kind.SESSION_REVOKED, user_id, session_id))


@dataclass(frozen=True, slots=True)
class Accounts:
    """What happens to accounts from outside."""

    units: Units

    async def remove(self, deleted: Mapping[UUID, int]) -> None:
        """Forget the users that events (by id) say are deleted; one told twice is harmless."""
        async with self.units.begin() as unit:
            fresh = await unit.claim(deleted.keys())
            user_ids = sorted({user_id for event, user_id in deleted.items() if event in fresh})
            if not user_ids:
                return
            await unit.accounts.remove(user_ids)
            await unit.sessions.revoke_users(user_ids)
            for user_id in user_ids:
                await unit.record(AuthEvent(Kind.ACCOUNT_REMOVED, user_id))

    async def set_role(self, user_id: int, role: Role, *, granted: bool) -> tuple[Role, ...]:
        """Grant or withdraw a role; the roles afterwards. Raises `AccountNotFound`.

        A withdrawal voids the user's access tokens at once; the sessions go on. A refresh beside it
        waits for it, or else its token would have the role and be younger than the revocation.
        """
        async with self.units.begin() as unit:
            roles = await unit.accounts.set_role(user_id, role, granted=granted)
            if roles is None:
                raise AccountNotFound
            kind = Kind.ROLE_GRANTED if granted else Kind.ROLE_WITHDRAWN
            if not granted:
                await unit.sessions.lock_all(user_id)
                await unit.sessions.revoke_users([user_id])
            await unit.record(AuthEvent(kind, user_id, detail=role))
        return roles

    async def end_sessions(self, user_id: int) -> None:
        """End every session of a user, and void the access tokens."""
        async with self.units.begin() as unit:
            await unit.sessions.end_all(user_id)
            await unit.sessions.revoke_users([user_id])
            await unit.record(AuthEvent(Kind.SESSION_REVOKED, user_id, detail="all"))


def _user(credential: Credential | None) -> int | None:
    return None if credential is None else credential.user_id
