"""What people are told of what happened."""

import json
from datetime import UTC, datetime, timedelta, timezone

from notification_service.domain.facts import post_subject
from tests.builders import NOW, a_follow, a_post, an_unfollow


def test_a_followee_is_told_who_follows_and_since_when() -> None:
    content = a_follow(follower_id=12, followee_id=7).content("žofie")
    assert content.type == "follow_created"
    assert content.actor_id is None
    assert content.payload is not None
    assert json.loads(content.payload) == {
        "follower_id": 12,
        "follower_username": "žofie",
        "followee_id": 7,
        "timestamptz": "2026-01-02T03:04:05.678900Z",
    }


def test_a_follower_is_told_of_a_post_by_its_title() -> None:
    content = a_post(post_id=5, author_id=7, title='a "title"').content("ann")
    assert content.type == "post_created"
    assert content.payload is not None
    assert json.loads(content.payload) == {
        "post_id": 5,
        "author_id": 7,
        "author_username": "ann",
        "title": 'a "title"',
        "timestamptz": "2026-01-02T03:04:05.678900Z",
    }
    assert content.subject == post_subject(5)


def test_an_unfollow_is_about_what_the_follow_was_about() -> None:
    assert an_unfollow(12, 7).target == a_follow(12, 7).target
    assert an_unfollow(7, 12).target != a_follow(12, 7).target
    assert a_follow(12, 7).content("x").subject == an_unfollow(12, 7).target.subject


def test_times_are_told_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=2)))
    fact = a_post()
    local = type(fact)(fact.event_id, 1, 2, "t", there)
    payload = local.content("ann").payload
    assert payload is not None
    assert json.loads(payload)["timestamptz"] == "2026-01-02T03:04:05.678900Z"
    whole = type(fact)(fact.event_id, 1, 2, "t", datetime(2026, 1, 2, tzinfo=UTC))
    payload = whole.content("ann").payload
    assert payload is not None
    assert json.loads(payload)["timestamptz"] == "2026-01-02T00:00:00Z"
