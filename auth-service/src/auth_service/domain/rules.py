"""The rules of passwords and of the texts beside them (REST API, part 5)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from auth_service.domain.errors import FieldViolation, InvalidAccount
from auth_service.domain.models import NewAccount

SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 128
_LONGEST_LOGIN: Final = 254
_LONGEST_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """Which passwords will do (OWASP ASVS 5.0, 6.2.1 to 6.2.4); `common` are the folded worst."""

    common: Callable[[], Collection[str]]

    def check(self, field: str, password: str, names: Iterable[str] = ()) -> None:
        """Raises `InvalidAccount` for `field` where the password is weak, or one of `names`."""
        if (issue := self._issue(password, names)) is not None:
            raise InvalidAccount(violations=[FieldViolation(field, issue)])

    def _issue(self, password: str, names: Iterable[str]) -> str | None:
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            return f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        folded = password.casefold()
        if folded in self.common():
            return "is one of the most common passwords"
        if folded in {name.casefold() for name in names}:
            return "must not be the username or the e-mail"
        return None


def check_account(account: NewAccount) -> None:
    """The texts that are stored before user-service judges them. Raises `InvalidAccount`."""
    profile = account.profile
    texts = {
        "username": profile.username,
        "email": profile.email,
        "full_name": profile.full_name or "",
        "bio": profile.bio or "",
        "avatar_url": profile.avatar_url or "",
        "idempotency_key": account.idempotency_key or "",
    }
    found = [*_unstorable(texts)]
    if len(texts["idempotency_key"]) > _LONGEST_KEY:
        issue = f"must have at most {_LONGEST_KEY} characters"
        found.append(FieldViolation("idempotency_key", issue))
    if found:
        raise InvalidAccount(violations=found)


def check_login(login: str, password: str) -> None:
    """What a login needs to be one. Raises `InvalidAccount`."""
    found = [*_unstorable({"login": login})]
    if not 1 <= len(login) <= _LONGEST_LOGIN:
        found.append(FieldViolation("login", f"must have 1 to {_LONGEST_LOGIN} characters"))
    if not password:
        found.append(FieldViolation("password", "must not be empty"))
    if found:
        raise InvalidAccount(violations=found)


def _unstorable(texts: Mapping[str, str]) -> Iterable[FieldViolation]:
    """PostgreSQL has no U+0000 in a text."""
    for name, text in texts.items():
        if "\0" in text:
            yield FieldViolation(name, "must not contain U+0000")
