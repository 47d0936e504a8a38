"""`eventually` waits for what is to come, and says what did not."""

import pytest
from service_kit.testing import eventually


async def test_it_gives_the_first_true_value() -> None:
    values = iter([0, "", 7, 8])
    assert await eventually(lambda: next(values)) == 7


async def test_it_awaits_a_coroutine() -> None:
    values = iter([None, "found"])

    async def ask() -> str | None:
        return next(values)

    assert await eventually(ask) == "found"


async def test_it_fails_with_the_condition_and_its_last_value() -> None:
    values: list[int] = []
    with pytest.raises(
        AssertionError, match=r"not within 0\.01 s \(last: \[\]\): .*lambda: values"
    ):
        await eventually(lambda: values, 0.01)


async def test_it_fails_with_the_message_that_it_was_given() -> None:
    with pytest.raises(AssertionError, match="the mail never came"):
        await eventually(lambda: False, 0.01, "the mail never came")
