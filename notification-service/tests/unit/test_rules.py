"""What a notification may be."""

import pytest

from notification_service.domain.errors import InvalidNotification
from notification_service.domain.models import Content, Draft, InboxState, Missed
from tests.builders import a_draft

LARGEST = 16 * 1024


def violated(field: str, **given: object) -> str:
    """The issue of a draft's only violation, which must be of `field`."""
    with pytest.raises(InvalidNotification) as caught:
        a_draft(**given)  # type: ignore[arg-type]  # wrong on purpose
    (violation,) = caught.value.violations
    assert violation.field == field
    return violation.issue


@pytest.mark.parametrize("name", ["a", "follow_created", "x.y-z_0", "a" * 64])
def test_a_type_is_of_small_letters_digits_and_three_signs(name: str) -> None:
    assert a_draft(type_=name).content.type == name


@pytest.mark.parametrize("name", ["", "a" * 65, "Follow", "a b", "ž", "a\n", "a/b", "a\0"])
def test_no_other_type_is_taken(name: str) -> None:
    assert violated("type", type_=name) == "must be 1 to 64 of a-z 0-9 _ . -"


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"null",
        b' "text" ',
        b"[1, 2.5e10]",
        '{"ž": "😀"}'.encode(),
        b'"\\u0000"',
        b"1" * 5000,
        b'"' + b"x" * (LARGEST - 2) + b'"',
        None,
    ],
)
def test_a_payload_is_any_json_of_at_most_16_kib(payload: bytes | None) -> None:
    assert a_draft(payload=payload).content.payload == payload


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b"NaN",
        b"[Infinity]",
        b"\xff",
        b'"\x00"',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * LARGEST,
        b'{"a": 1}x',
    ],
)
def test_what_is_no_json_is_no_payload(payload: bytes) -> None:
    assert violated("payload", payload=payload) == "must be JSON"


def test_a_payload_of_more_than_16_kib_is_refused() -> None:
    payload = b'"' + b"x" * (LARGEST - 1) + b'"'
    assert violated("payload", payload=payload) == "must have at most 16 KiB"


@pytest.mark.parametrize("key", ["", "k" * 256, "a\0b"])
def test_a_key_that_can_not_be_kept_is_refused(key: str) -> None:
    assert violated("idempotency_key", key=key) == "must have 1 to 255 characters"


@pytest.mark.parametrize("user_id", [0, -1, 2**63])
def test_an_id_is_a_positive_number_of_63_bits(user_id: int) -> None:
    assert violated("user_id", user_id=user_id) == "must be an integer of 1 or more"
    with pytest.raises(InvalidNotification):
        Draft(1, Content("a", actor_id=user_id))


def test_what_was_missed_is_truncated_where_it_ends_before_the_newest() -> None:
    state = InboxState(1, last_seq=9)
    assert Missed(8, (), state).is_truncated
    assert not Missed(9, (), state).is_truncated
