"""What is outside the database: time, users, hashes, tokens, and the death of a process."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service_kit.errors import AlreadyExists, AppError

from auth_service.domain.models import Grant, MadeUser, Profile

MADE_AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


class ProcessDies(BaseException):
    """The end of a process in the middle of something; nothing catches it."""


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """The same as a count of seconds."""
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def nothing_happens(_step: str) -> None:
    """The fault that is injected where none is."""


class InMemoryUsers:
    """user-service; `fault` is told each step and may raise."""

    def __init__(self, fault: Callable[[str], None] = nothing_happens) -> None:
        self.fault = fault
        self.by_id: dict[int, Profile] = {}
        self.by_key: dict[str, int] = {}
        self.looked_up: list[str] = []
        self._last = 0

    async def create(self, profile: Profile, idempotency_key: str) -> MadeUser:
        self.fault("before create")
        user_id = self.by_key.get(idempotency_key) or self._add(profile, idempotency_key)
        self.fault("after create")
        return MadeUser(user_id, MADE_AT)

    def _add(self, profile: Profile, idempotency_key: str) -> int:
        for other in self.by_id.values():
            if other.username.lower() == profile.username.lower():
                raise AlreadyExists("username already exists", code="USERNAME_TAKEN")
            if other.email.lower() == profile.email.lower():
                raise AlreadyExists("email already exists", code="EMAIL_TAKEN")
        self._last += 1
        self.by_id[self._last] = profile
        self.by_key[idempotency_key] = self._last
        return self._last

    async def delete(self, user_id: int) -> None:
        self.fault("before delete")
        self.by_id.pop(user_id, None)
        self.by_key = {key: value for key, value in self.by_key.items() if value != user_id}
        self.fault("after delete")

    async def find(self, login: str) -> int | None:
        self.fault("find")
        self.looked_up.append(login)
        field = "email" if "@" in login else "username"
        found = (
            user_id
            for user_id, profile in self.by_id.items()
            if getattr(profile, field).lower() == login.lower()
        )
        return next(found, None)

    async def names(self, user_id: int) -> tuple[str, ...]:
        profile = self.by_id.get(user_id)
        return () if profile is None else (profile.username, profile.email)


class PlainPasswords:
    """Hashes that one can read; `parameters` are what a hash names."""

    def __init__(self) -> None:
        self.parameters = "p1"
        self.checked: list[str | None] = []
        self.refusal: AppError | None = None

    def check_room(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    async def hash(self, password: str) -> str:
        if self.refusal is not None:
            raise self.refusal
        return f"{self.parameters}:{password}"

    async def matches(self, password_hash: str | None, password: str) -> bool:
        if self.refusal is not None:
            raise self.refusal
        self.checked.append(password_hash)
        return password_hash is not None and password_hash.partition(":")[2] == password

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.partition(":")[0] != self.parameters


class PlainTokens:
    """Access tokens that are remembered as what they grant."""

    def __init__(self) -> None:
        self.issued: list[Grant] = []

    def issue(self, grant: Grant) -> str:
        self.issued.append(grant)
        return f"access token {len(self.issued)}"
