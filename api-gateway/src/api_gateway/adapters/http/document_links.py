"""Links in the OpenAPI document: what can be asked next about that which was just answered."""

from collections.abc import Mapping
from typing import Any, Final

_DATA: Final = "$response.body#/data/"

# operationId -> operationId of what can follow -> its parameters, taken from the answer;
# `body.x` is the field x of its body, a value with a $ stands for itself.
LINKS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "register": {
        "getUser": {"user_id": "user/id"},
        "refresh": {"body.refresh_token": "refresh_token"},
        "logout": {"body.refresh_token": "refresh_token"},
    },
    "login": {
        "refresh": {"body.refresh_token": "refresh_token"},
        "logout": {"body.refresh_token": "refresh_token"},
    },
    "refresh": {"logout": {"body.refresh_token": "refresh_token"}},
    "listSessions": {"revokeSession": {"session_id": "sessions/0/id"}},
    "createUser": {
        "getUser": {"user_id": "id"},
        "getUserByUsername": {"username": "username"},
        "getUserByEmail": {"email": "email"},
        "follow": {"body.followee_id": "id"},
    },
    "listUsers": {"listUsers": {"cursor": "next_cursor"}, "getUser": {"user_id": "users/0/id"}},
    "searchUsers": {"getUser": {"user_id": "users/0/id"}},
    "createPost": {
        "getPost": {"post_id": "id"},
        "updatePost": {"post_id": "id"},
        "deletePost": {"post_id": "id"},
        "getUser": {"user_id": "author_id"},
    },
    "updatePost": {"getPost": {"post_id": "id"}, "deletePost": {"post_id": "id"}},
    "listPosts": {"listPosts": {"cursor": "next_cursor"}, "getPost": {"post_id": "posts/0/id"}},
    "follow": {
        "unfollow": {"body.followee_id": "$request.body#/followee_id"},
        "listFollowers": {"user_id": "$request.body#/followee_id"},
    },
    "listFollowers": {
        "listFollowers": {"user_id": "$request.path.user_id", "cursor": "next_cursor"},
        "getUser": {"user_id": "followers/0/id"},
    },
    "listFollowees": {
        "listFollowees": {"user_id": "$request.path.user_id", "cursor": "next_cursor"},
        "unfollow": {"body.followee_id": "followees/0/id"},
    },
    "sendNotification": {"getNotification": {"notification_id": "notification_id"}},
    "getFeed": {
        "getFeed": {"cursor": "next_cursor"},
        "getNotification": {"notification_id": "notifications/0/id"},
        "readNotification": {"notification_id": "notifications/0/id"},
        "archiveNotification": {"notification_id": "notifications/0/id"},
        "removeNotification": {"notification_id": "notifications/0/id"},
        "markSeen": {"body.up_to_seq": "notifications/0/seq"},
        "readAllNotifications": {"body.up_to_seq": "notifications/0/seq"},
    },
    "getNotification": {
        "readNotification": {"notification_id": "id"},
        "removeNotification": {"notification_id": "id"},
    },
    "issueTicket": {"openStream": {"ticket": "ticket"}},
}


def links_of(operation_id: str) -> dict[str, dict[str, Any]]:
    """The links of an operation's success as they stand in the document."""
    return {
        following: _link(following, sources)
        for following, sources in LINKS.get(operation_id, {}).items()
    }


def _link(operation_id: str, sources: Mapping[str, str]) -> dict[str, Any]:
    parameters: dict[str, str] = {}
    body: dict[str, str] = {}
    for name, source in sources.items():
        value = source if source.startswith("$") else f"{_DATA}{source}"
        if name.startswith("body."):
            body[name.removeprefix("body.")] = value
        else:
            parameters[name] = value
    link: dict[str, Any] = {"operationId": operation_id}
    if parameters:
        link["parameters"] = parameters
    if body:
        link["requestBody"] = body
    return link
