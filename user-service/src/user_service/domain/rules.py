"""The rules of a profile's fields (REST API, part 5)."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from user_service.domain.errors import FieldViolation, InvalidProfile

_USERNAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,32}")
_LETTER: Final = r"A-Za-z0-9\u0080-\U0010ffff"
_ATOM: Final = rf"[{_LETTER}!#$%&'*+/=?^_`{{|}}~-]+"
_QUOTED: Final = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"'
_LABEL: Final = rf"[{_LETTER}](?:[{_LETTER}-]{{0,61}}[{_LETTER}])?"
_EMAIL: Final = re.compile(
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Za-z.:]+\])"
)
"""Mailbox of RFC 5321, section 4.1.2, with the international letters of RFC 6531."""


def violations_of(given: Mapping[str, str]) -> None:
    """Check the fields that are given; raises `InvalidProfile` with what is wrong with each."""
    found = [
        FieldViolation(name, issue)
        for name, value in given.items()
        if (issue := _RULES[name](value)) is not None
    ]
    if found:
        raise InvalidProfile(violations=found)


def is_username(value: str) -> bool:
    """Whether somebody can have this name."""
    return _USERNAME.fullmatch(value) is not None


def _username(value: str) -> str | None:
    if is_username(value):
        return None
    return "must be 3 to 32 of letters, digits and _ . -"


def _email(value: str) -> str | None:
    match = _EMAIL.fullmatch(value)
    if match is None or len(value) > 254 or len(match["local"].encode()) > 64:
        return "must be an e-mail address of at most 254 characters"
    return None


def _text(longest: int) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        if len(value) > longest:
            return f"must have at most {longest} characters"
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
            return "must not contain control characters"
        return None

    return check


def _avatar_url(value: str) -> str | None:
    """None for an absolute http(s) address, or for an empty one, which clears."""
    if value and (len(value) > 2048 or not _is_web_address(value)):
        return "must be an absolute http or https address of at most 2048 characters"
    return None


def _is_web_address(value: str) -> bool:
    if any(letter.isspace() or not letter.isprintable() for letter in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


_RULES: Final[Mapping[str, Callable[[str], str | None]]] = {
    "username": _username,
    "email": _email,
    "full_name": _text(100),
    "bio": _text(500),
    "avatar_url": _avatar_url,
    "idempotency_key": _text(255),
}
