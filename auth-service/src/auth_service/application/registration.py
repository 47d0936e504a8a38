"""The saga of a new account: kept as pending, a user made for it, its password stored, finished.

A crash anywhere leaves a registration whose lease runs out; `recover` then completes the account,
or undoes it where its client was told that it failed. All steps can be taken twice.
"""

from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from service_kit.errors import (
    AlreadyExists,
    AppError,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)

from auth_service.application.ports import Passwords, Registrations, Users
from auth_service.application.tokens import Tokens
from auth_service.application.units import UnitOfWork, Units
from auth_service.domain.errors import IdempotencyKeyReused, RegistrationBusy
from auth_service.domain.events import AuthEvent, Kind
from auth_service.domain.models import Client, MadeUser, NewAccount, Registration, TokenPair
from auth_service.domain.models import RegistrationState as State
from auth_service.domain.rules import PasswordRules, check_account

_REFUSALS: Final = (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
"""What user-service says when it has made no user; after anything else it may have made one."""

_BUSY_SECONDS: Final = 5.0
_MOST_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Registering:
    """Making accounts."""

    users: Users
    passwords: Passwords
    registrations: Registrations
    units: Units
    tokens: Tokens
    rules: PasswordRules

    async def register(self, account: NewAccount, client: Client) -> TokenPair:
        """Make an account, or complete the one of the same idempotency key, and sign it in.

        Raises `InvalidAccount`, `IdempotencyKeyReused`, `RegistrationBusy`, `Overloaded`, and what
        user-service refuses.
        """
        registration = await self._begun(account)
        user = await self._user(registration)
        async with self.units.begin() as unit:
            await self._complete(unit, registration, user.id)
            signed_in = await self.tokens.sign_in(unit, user.id, None, client)
            if signed_in is None:
                raise RegistrationBusy(retry_after=_BUSY_SECONDS)
            pair, session_id = signed_in
            kind = Kind.REGISTERED if registration.user_id is None else Kind.LOGGED_IN
            await unit.record(AuthEvent(kind, user.id, session_id, client))
        return replace(pair, registered_at=user.made_at)

    async def create(self, account: NewAccount) -> MadeUser:
        """Make an account without signing it in; its user. Raises as `register`."""
        registration = await self._begun(account)
        user = await self._user(registration)
        async with self.units.begin() as unit:
            await self._complete(unit, registration, user.id)
            if registration.user_id is None:
                await unit.record(AuthEvent(Kind.REGISTERED, user.id))
        return user

    async def recover(self) -> int:
        """Complete or undo what was left behind; returns how many registrations that were.

        Stops with the error of the first that can be neither; its turn comes again after others.
        """
        for done in range(_MOST_AT_ONCE):
            registration = await self.registrations.claim_overdue()
            if registration is None:
                return done
            if registration.state is State.UNDOING:
                await self._undo(registration)
            else:
                await self._resume(registration)
        return _MOST_AT_ONCE

    async def _begun(self, account: NewAccount) -> Registration:
        """The registration of this account, leased."""
        profile, password = account.profile, account.password
        check_account(account)
        self.rules.check("password", password, (profile.username, profile.email))
        key = account.idempotency_key
        earlier = await self.registrations.by_key(key) if key else None
        if earlier is None:
            password_hash = await self.passwords.hash(password)
            mine = Registration(uuid4(), profile, password_hash, key)
            earlier = await self.registrations.begin(mine)
            if earlier.id == mine.id:
                return mine
        return await self._continued(earlier, account)

    async def _continued(self, earlier: Registration, account: NewAccount) -> Registration:
        """The earlier registration under a key, for whoever knows its password."""
        known = earlier.password_hash if earlier.is_of(account.profile) else None
        if not await self.passwords.matches(known, account.password):
            raise IdempotencyKeyReused
        if earlier.user_id is None and not await self.registrations.resume(earlier.id):
            raise RegistrationBusy(retry_after=_BUSY_SECONDS)
        return earlier

    async def _user(self, registration: Registration) -> MadeUser:
        """The user of a registration. Where there will be none, the registration is over."""
        if registration.user_id is not None:
            return MadeUser(registration.user_id)
        try:
            return await self.users.create(registration.profile, str(registration.id))
        except _REFUSALS:
            await self.registrations.end(registration.id)
            raise
        except AppError:
            await self.registrations.withdraw(registration.id)
            raise

    async def _complete(self, unit: UnitOfWork, registration: Registration, user_id: int) -> None:
        if not await unit.accounts.complete(registration.id, user_id):
            raise RegistrationBusy(retry_after=_BUSY_SECONDS)

    async def _resume(self, registration: Registration) -> None:
        try:
            user = await self.users.create(registration.profile, str(registration.id))
        except _REFUSALS:
            await self.registrations.end(registration.id)
            return
        async with self.units.begin() as unit:
            if await unit.accounts.complete(registration.id, user.id):
                await unit.record(AuthEvent(Kind.REGISTRATION_RESUMED, user.id))

    async def _undo(self, registration: Registration) -> None:
        """Remove the user that was made, if one was; only its key tells whose a name is."""
        if await self.users.find(registration.profile.username) is not None:
            try:
                user = await self.users.create(registration.profile, str(registration.id))
            except _REFUSALS:
                pass
            else:
                await self.users.delete(user.id)
                async with self.units.begin() as unit:
                    await unit.record(AuthEvent(Kind.REGISTRATION_UNDONE, user.id))
        await self.registrations.end(registration.id)
