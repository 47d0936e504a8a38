"""Notifications over HTTP: what is refused, and why."""

import pytest

from tests.unit.http.cases import Case, assert_refused, invalid, undecodable
from tests.unit.http.notification.world import GREETING, LARGEST, World

OPERATIONS = [
    *(("GET", path) for path in ("/feed", "/unread-count", "/1")),
    *(("POST", path) for path in ("/send", "/ws-ticket")),
    *(("PUT", path) for path in ("/1/read", "/read-all", "/seen", "/1/archive", "/1/unarchive")),
    ("DELETE", "/1"),
]
REFUSED = [
    *(Case(method, path, 401, "unauthenticated", user=None) for method, path in OPERATIONS),
    *(
        case
        for method, path in (
            *(("GET", "/{}"), ("PUT", "/{}/read"), ("DELETE", "/{}")),
            *(("PUT", "/{}/archive"), ("PUT", "/{}/unarchive")),
        )
        for case in (
            Case(
                method,
                path.format(1),
                403,
                "access to notification denied",
                user=2,
                code="NOTIFICATION_ACCESS_DENIED",
            ),
            Case(
                method,
                path.format(9),
                404,
                "notification not found",
                code="NOTIFICATION_NOT_FOUND",
            ),
            undecodable(method, path.format("abc")),
            invalid(method, path.format(0), "notification_id"),
            invalid(method, path.format(LARGEST + 1), "notification_id"),
        )
    ),
    Case("POST", "/send", 404, "user not found", {**GREETING, "user_id": 9}, code="USER_NOT_FOUND"),
    undecodable("POST", "/send", []),
    undecodable("POST", "/send", {**GREETING, "user_id": "1"}),
    undecodable("POST", "/send", {**GREETING, "type": 1}),
    invalid("POST", "/send", "user_id", "type", body={}),
    invalid("POST", "/send", "user_id", body={**GREETING, "user_id": 0}),
    *(
        invalid("POST", "/send", "type", body={**GREETING, "type": kind})
        for kind in ("", "x" * 65, "Greeting", "a b", "é", "a\n")
    ),
    invalid("POST", "/send", "payload", body={**GREETING, "payload": "x" * (16 * 1024 - 1)}),
    invalid("POST", "/send", "payload", body={**GREETING, "payload": "é" * (8 * 1024)}),
    *(
        case
        for path in ("/read-all", "/seen")
        for case in (
            undecodable("PUT", path, []),
            undecodable("PUT", path, {"up_to_seq": "2"}),
            invalid("PUT", path, "up_to_seq", body={"up_to_seq": -1}),
        )
    ),
    *(
        undecodable("GET", f"/feed?{query}")
        for query in (
            *("page=0", "page=-1", "page=abc", "page=2147483648"),
            *("limit=0", "limit=101", "limit=abc", "unread=maybe", "archived=maybe"),
        )
    ),
    invalid("GET", "/feed?cursor=before:1", "cursor"),
    invalid("GET", "/feed?grouped=true&cursor=after:1", "cursor"),
    invalid("GET", "/feed?grouped=true&archived=true", "archived"),
    invalid("GET", "/feed?grouped=true&page=2", "page"),
    undecodable("GET", "/feed?grouped=maybe"),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_what_cannot_be_is_refused_by_its_reason(world: World, case: Case) -> None:
    await world.sent("a")
    before = dict(world.notifications.kept)
    answer = await world.request(case.method, case.path, case.user, case.body)
    assert_refused(answer, case)
    assert world.notifications.kept == before
