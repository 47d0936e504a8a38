"""The use cases over doubles, with everything at hand that a test looks at."""

from datetime import timedelta

from auth_service.application.registration import Registering
from auth_service.application.throttling import Throttle
from auth_service.application.tokens import Tokens
from auth_service.application.use_cases import Accounts, Logins, SignedIn
from auth_service.domain.refresh_tokens import RefreshTokens
from auth_service.domain.rules import PasswordRules
from tests.builders import LIMITS, LIVES
from tests.fakes import (
    Clock,
    InMemoryCredentials,
    InMemoryGuesses,
    InMemoryRegistrations,
    InMemorySessions,
    InMemoryUnits,
    InMemoryUsers,
    PlainPasswords,
    PlainTokens,
    Tables,
)

LEASE = timedelta(seconds=15)


class World:
    """auth-service without its edges."""

    def __init__(self, *, limited: bool = True) -> None:
        self.clock = Clock()
        self.tables = Tables(self.clock)
        self.users = InMemoryUsers()
        self.passwords = PlainPasswords()
        self.registrations = InMemoryRegistrations(self.tables, LEASE)
        self.units = InMemoryUnits(self.tables)
        self.access_tokens = PlainTokens()
        tokens = Tokens(self.access_tokens, RefreshTokens(b"key of all replicas"), LIVES)
        rules = PasswordRules(lambda: {"password", "qwertyuiop"})
        self.registering = Registering(
            users=self.users,
            passwords=self.passwords,
            registrations=self.registrations,
            units=self.units,
            tokens=tokens,
            rules=rules,
        )
        limits = LIMITS if limited else None
        self.logins = Logins(
            users=self.users,
            passwords=self.passwords,
            credentials=InMemoryCredentials(self.tables),
            units=self.units,
            throttle=Throttle(InMemoryGuesses(self.tables), self.units, limits),
            tokens=tokens,
            rules=rules,
        )
        self.signed_in = SignedIn(InMemorySessions(self.tables), self.units, tokens)
        self.accounts = Accounts(self.units)
