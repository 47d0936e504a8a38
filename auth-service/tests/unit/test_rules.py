"""Which passwords will do, and what stands in no `repr`."""

import pytest

from auth_service.adapters.common_passwords import common_passwords
from auth_service.config import LoginSettings
from auth_service.domain.errors import InvalidAccount
from auth_service.domain.models import Client, Credential, Registration, TokenPair
from auth_service.domain.refresh_tokens import RefreshTokens
from auth_service.domain.rules import PasswordRules
from auth_service.domain.throttle import login_guess
from tests.builders import account, registration

RULES = PasswordRules(common_passwords)


def test_there_are_three_thousand_common_passwords_that_are_long_enough_to_be_tried() -> None:
    words = common_passwords()
    assert len(words) == 3000
    assert all(len(word) >= 8 and word == word.casefold() for word in words)
    assert {"password", "12345678", "password123", "qwertyuiop"} <= words


@pytest.mark.parametrize(
    "password", ["secure123", "correct horse battery staple", "пароль-длинный", "x1Y2z3!!", "8" * 9]
)
def test_a_password_that_keeps_the_rules_will_do(password: str) -> None:
    RULES.check("password", password, ("ann", "ann@example.com"))


@pytest.mark.parametrize(
    ("password", "issue"),
    [
        ("secure1", "8 to 128 characters"),
        ("é" * 129, "8 to 128 characters"),
        ("Password123", "most common"),
        ("ANN.Example", "username or the e-mail"),
    ],
)
def test_one_that_does_not_says_why_and_not_what_it_was(password: str, issue: str) -> None:
    with pytest.raises(InvalidAccount) as refused:
        RULES.check("password", password, ("ann.example", "ann@example.com"))
    [violation] = refused.value.violations
    assert issue in violation.issue
    assert password not in f"{refused.value!r} {violation}"


def test_characters_count_and_not_bytes() -> None:
    RULES.check("password", "é" * 128)


@pytest.mark.parametrize(
    "shown",
    [
        account(password="s3cr3t-value"),
        registration(),
        Registration(registration().id, account().profile, "s3cr3t-value"),
        Credential(1, "s3cr3t-value", 1),
        TokenPair("s3cr3t-value", "s3cr3t-value", 900, 1),
        RefreshTokens(b"s3cr3t-value"),
    ],
)
def test_what_is_secret_stands_in_no_repr(shown: object) -> None:
    assert "s3cr3t-value" not in repr(shown)
    assert "p1:" not in repr(shown)


def test_where_a_login_comes_from_is_cut_to_what_can_be_stored() -> None:
    client = Client("\0" + "d" * 300, "a" * 100)
    assert (len(client.device), len(client.address)) == (256, 64)
    assert "\0" not in client.device


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ann", "2001:db8::1"), ("ANN", "2001:db8::ffff:1")),
        (("ann", "192.0.2.1"), ("ann", "::ffff:192.0.2.1")),
        (("kim@\u0130.org", "192.0.2.1"), ("\u212a\u0130M@i.org", "192.0.2.1")),
    ],
)
def test_one_caller_under_two_spellings_is_one(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert login_guess(*one) == login_guess(*other)


@pytest.mark.parametrize("other", ["2001:db8:0:1::1", "192.0.2.2", ""])
def test_two_callers_share_the_account_only(other: str) -> None:
    one, two = login_guess("ann", "192.0.2.1"), login_guess("ann", other)
    assert set(one.keys) & set(two.keys) == {one.account}


def test_the_defaults_let_ten_wrong_passwords_pass_and_a_flood_not() -> None:
    limits, guess = LoginSettings().limits, login_guess("ann", "192.0.2.1")
    charges = {charge.key: charge for charge in limits.charges(guess)}
    after_ten = {key: charge.seconds * 10 for key, charge in charges.items()}
    after_flood = {key: charge.most for key, charge in charges.items()}
    assert limits.wait(guess, after_ten) == 0
    assert 0 < limits.wait(guess, after_flood) <= 900 + 20 * 30
