"""The rules of a post's parts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from post_service.domain.errors import InvalidFilter, InvalidPost
from post_service.domain.models import MediaDraft, NewPost, PostChange, PostFilter
from tests.builders import NOW, a_draft, a_new_post


def violated_fields(caught: pytest.ExceptionInfo[InvalidPost]) -> list[str]:
    return [violation.field for violation in caught.value.violations]


@pytest.mark.parametrize("title", ["x", "x" * 255, " padded ", "日本語", "emoji 🎉", "<b>&amp;"])
def test_a_title_is_1_to_255_characters_kept_as_written(title: str) -> None:
    assert a_new_post(title=title).title == title


@pytest.mark.parametrize("title", ["", "x" * 256, " ", " \t ", "\u2003", "a\nb", "a\0b", "a\x7fb"])
def test_a_title_that_is_none_is_a_violation(title: str) -> None:
    with pytest.raises(InvalidPost, match="validation failed") as caught:
        a_new_post(title=title)
    assert violated_fields(caught) == ["title"]


@pytest.mark.parametrize("content", ["", "x" * 100_000, "several\nlines\tand tabs"])
def test_content_is_up_to_100_000_characters(content: str) -> None:
    assert a_new_post(content=content).content == content


@pytest.mark.parametrize("content", ["x" * 100_001, "a\0b"])
def test_content_that_cannot_be_stored_is_a_violation(content: str) -> None:
    with pytest.raises(InvalidPost) as caught:
        a_new_post(content=content)
    assert violated_fields(caught) == ["content"]


def test_a_tag_counts_once_and_keeps_the_place_of_its_first_mention() -> None:
    assert a_new_post(tags=["b", "a", "b", "a"]).tags == ("b", "a")


def test_tags_are_exact_text() -> None:
    assert a_new_post(tags=["Go", "go", " go"]).tags == ("Go", "go", " go")


def test_twenty_tags_are_counted_without_duplicates() -> None:
    names = [f"tag{number}" for number in range(20)]
    assert len(a_new_post(tags=names * 2).tags) == 20


@pytest.mark.parametrize(
    "tags", [[f"tag{number}" for number in range(21)], [""], ["x" * 65], ["a\0b"]]
)
def test_tags_that_break_their_rule_are_a_violation(tags: list[str]) -> None:
    with pytest.raises(InvalidPost) as caught:
        a_new_post(tags=tags)
    assert violated_fields(caught) == ["tags"]


def test_media_without_a_position_take_their_place_in_the_list() -> None:
    media = a_new_post(media=[a_draft(), a_draft(7), a_draft()]).media
    assert [item.position for item in media] == [1, 7, 3]


def test_a_position_that_is_taken_twice_is_a_violation_of_both() -> None:
    with pytest.raises(InvalidPost) as caught:
        a_new_post(media=[a_draft(2), a_draft(), a_draft(5)])
    assert violated_fields(caught) == ["media_items.0.position", "media_items.1.position"]


@pytest.mark.parametrize(
    ("media", "field"),
    [
        (a_draft(10), "position"),
        (a_draft(-1), "position"),
        (a_draft(kind="audio"), "type"),
        (a_draft(kind=""), "type"),
        (a_draft(url=""), "url"),
        (a_draft(url="ftp://example.com/a"), "url"),
        (a_draft(url="//example.com/a"), "url"),
        (a_draft(url="https://"), "url"),
        (a_draft(url="https://example.com/a b"), "url"),
        (a_draft(url="https://example.com:99999/"), "url"),
        (a_draft(url="javascript:alert(1)"), "url"),
        (a_draft(url="https://example.com/" + "x" * 500), "url"),
        (a_draft(url="https://example.com/\0"), "url"),
        (a_draft(description="x" * 501), "description"),
        (a_draft(description="a\0b"), "description"),
    ],
)
def test_media_that_break_a_rule_are_a_violation(media: MediaDraft, field: str) -> None:
    with pytest.raises(InvalidPost) as caught:
        a_new_post(media=[media])
    assert violated_fields(caught) == [f"media_items.0.{field}"]


def test_nine_media_fit_and_ten_do_not() -> None:
    assert len(a_new_post(media=[a_draft()] * 9).media) == 9
    with pytest.raises(InvalidPost) as caught:
        a_new_post(media=[a_draft()] * 10)
    assert "media_items" in violated_fields(caught)


def test_every_violation_is_named_at_once() -> None:
    with pytest.raises(InvalidPost) as caught:
        NewPost(author_id=0, title="", content="\0", tags=("",), media=(a_draft(kind="x"),))
    expected = ["author_id", "title", "content", "tags", "media_items.0.type"]
    assert violated_fields(caught) == expected


def test_a_change_of_nothing_is_empty() -> None:
    assert PostChange().is_empty()


def test_a_change_may_clear_content_tags_and_media_but_not_the_title() -> None:
    assert not PostChange(content="", tags=(), media=()).is_empty()
    with pytest.raises(InvalidPost) as caught:
        PostChange(title="")
    assert violated_fields(caught) == ["title"]


def test_a_change_obeys_the_rules_of_a_post() -> None:
    with pytest.raises(InvalidPost) as caught:
        PostChange(content="\0", tags=("",), media=(a_draft(1), a_draft(1)))
    positions = ["media_items.0.position", "media_items.1.position"]
    assert violated_fields(caught) == ["content", "tags", *positions]
    assert PostChange(tags=("a", "a")).tags == ("a",)


def test_a_period_may_be_a_moment_but_not_end_before_it_begins() -> None:
    same = NOW.astimezone(timezone(timedelta(hours=3)))
    assert PostFilter(created_after=NOW, created_before=same).created_after == NOW
    with pytest.raises(InvalidFilter) as caught:
        PostFilter(created_after=NOW + timedelta(microseconds=1), created_before=NOW)
    assert [violation.field for violation in caught.value.violations] == ["created_after"]


def test_filters_obey_their_rules() -> None:
    with pytest.raises(InvalidFilter) as caught:
        PostFilter(author_id=-1, tags=("a\0",))
    assert [violation.field for violation in caught.value.violations] == ["author_id", "tag"]
    assert PostFilter(
        tags=("a", "b", "a"), created_after=datetime.min.replace(tzinfo=UTC)
    ).tags == (
        "a",
        "b",
    )
