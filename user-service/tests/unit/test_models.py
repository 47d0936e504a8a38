"""The rules of a profile's fields."""

from dataclasses import replace

import pytest

from tests.builders import a_new_user, a_user
from user_service.domain.errors import InvalidProfile
from user_service.domain.models import NewUser, ProfileChange


def violated_fields(caught: pytest.ExceptionInfo[InvalidProfile]) -> list[str]:
    return [violation.field for violation in caught.value.violations]


@pytest.mark.parametrize("username", ["abc", "A_b.c-9", "x" * 32, "___"])
def test_a_username_is_3_to_32_of_a_few_characters(username: str) -> None:
    assert a_new_user(username, "a@example.com").username == username


@pytest.mark.parametrize("username", ["", "ab", "x" * 33, "a b", "añb", "abc\n", "a@bc", "a\0bc"])
def test_a_username_that_is_none_is_a_violation(username: str) -> None:
    with pytest.raises(InvalidProfile, match="validation failed") as caught:
        a_new_user(username, "a@example.com")
    assert violated_fields(caught) == ["username"]


@pytest.mark.parametrize(
    "email",
    [
        "a@b",
        "first.last+tag@example.com",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        '"quoted @ part"@example.com',
        "postmaster@[192.0.2.1]",
        "postmaster@[IPv6:2001:db8::1]",
        "用户@例子.广告",
        "a" * 64 + "@example.com",
        "a@" + ".".join(["x" * 60] * 4) + ".example",
    ],
)
def test_an_email_has_the_syntax_of_rfc_5321(email: str) -> None:
    assert a_new_user(email=email).email == email


@pytest.mark.parametrize(
    "email",
    [
        "a",
        "@example.com",
        "a@",
        "a@b@c",
        "a b@example.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a@-example.com",
        "a@example-.com",
        "a@example..com",
        "a@example.com.",
        "a@" + "x" * 64,
        "a" * 65 + "@example.com",
        "é" * 33 + "@example.com",
        "a@example.com\n",
        "a\0@example.com",
        "a@" + ".".join(["x" * 60] * 5),
    ],
)
def test_an_email_that_is_none_is_a_violation(email: str) -> None:
    with pytest.raises(InvalidProfile) as caught:
        a_new_user(email=email)
    assert violated_fields(caught) == ["email"]


@pytest.mark.parametrize(("field", "longest"), [("full_name", 100), ("bio", 500)])
def test_a_text_is_bounded_and_has_no_control_characters(field: str, longest: int) -> None:
    assert a_new_user(**{field: "é" * longest}).given()[field] == "é" * longest
    for text in ("x" * (longest + 1), "a\nb", "a\0b", "a\x7fb", "\ud800"):
        with pytest.raises(InvalidProfile) as caught:
            a_new_user(**{field: text})
        assert violated_fields(caught) == [field]


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://example.com:8080/a?b#c", "https://[::1]/", ""]
)
def test_an_avatar_is_a_web_address_or_nothing(url: str) -> None:
    assert ProfileChange(avatar_url=url).avatar_url == url


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "//example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exam ple.com",
        "https://example.com/\0",
        "https://[::1",
        "https://example.com/" + "x" * 2048,
    ],
)
def test_an_avatar_that_is_none_is_a_violation(url: str) -> None:
    with pytest.raises(InvalidProfile) as caught:
        ProfileChange(avatar_url=url)
    assert violated_fields(caught) == ["avatar_url"]


def test_every_violation_is_named_at_once() -> None:
    with pytest.raises(InvalidProfile) as caught:
        NewUser("a", "b", "\0", "\0", "c")
    assert violated_fields(caught) == ["username", "email", "full_name", "bio", "avatar_url"]


def test_a_change_obeys_the_rules_of_what_it_gives_only() -> None:
    assert ProfileChange(bio="").given() == {"bio": ""}
    with pytest.raises(InvalidProfile) as caught:
        ProfileChange(username="", email="")
    assert violated_fields(caught) == ["username", "email"]


def test_a_change_knows_what_would_not_be_as_it_is() -> None:
    user = a_user(username="ann")
    assert ProfileChange().changed(user) == ()
    assert ProfileChange(username="ann", full_name="Ann Example").changed(user) == ()
    assert ProfileChange(username="Ann", bio="", avatar_url=user.avatar_url).changed(user) == (
        "username",
        "bio",
    )


def test_clearing_what_is_not_set_changes_nothing() -> None:
    user = replace(a_user(), bio=None)
    assert ProfileChange(bio="").changed(user) == ()
