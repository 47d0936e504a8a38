"""Part 3 of the REST API as a table: each row's success, and its refusals."""

from typing import Final

from journeys.client import Json

from contract.inbox_rows import INBOX
from contract.rows import PASSWORD, Row

USER: Final = "id username created_at updated_at"
POST: Final = "id title created_at updated_at media tags"
NOTE: Final = "id user_id type is_read created_at seq payload actor_id"
TOKENS: Final = "access_token refresh_token token_type expires_in"
NEW: Final[Json] = {"username": "{fresh_name}", "email": "{fresh_email}", "password": PASSWORD}
WRONG: Final = "invalid credentials: wrong password or user not found"
NO_NOTE: Final = "access to notification denied"
OWN_PASSWORDS: Final = {
    "old_password": "{alice.password}",
    "new_password": "{alice.password}",
}

AUTH: Final = [
    Row("POST /auth/register", 201, "user registered", NEW, "-", f"{TOKENS} user"),
    Row(
        "POST /auth/register",
        409,
        "username already exists",
        NEW | {"username": "{alice.username}"},
        code="USERNAME_TAKEN",
    ),
    Row(
        "POST /auth/register", 409, "username already exists", NEW | {"username": "{shouted_name}"}
    ),
    Row(
        "POST /auth/register",
        409,
        "email already exists",
        NEW | {"email": "{alice.email}"},
        code="EMAIL_TAKEN",
    ),
    Row(
        "POST /auth/login",
        200,
        "logged in",
        {"login": "{alice.username}", "password": "{alice.password}"},
        "-",
        TOKENS,
    ),
    Row(
        "POST /auth/login",
        200,
        "logged in",
        {"login": "{alice.email}", "password": "{alice.password}"},
        "-",
        TOKENS,
    ),
    Row(
        "POST /auth/login",
        401,
        WRONG,
        {"login": "{alice.username}", "password": "not that one"},
        "-",
        code="INVALID_CREDENTIALS",
    ),
    Row(
        "POST /auth/login",
        401,
        WRONG,
        {"login": "{fresh_name}", "password": "not that one"},
        "-",
        code="INVALID_CREDENTIALS",
    ),
    Row("POST /auth/refresh", 200, "tokens refreshed", {"refresh_token": "{refresh_token}"}, "-"),
    Row("POST /auth/refresh", 401, "invalid refresh token", {"refresh_token": "x"}, "-"),
    Row("POST /auth/refresh", 401, "invalid refresh token", {"refresh_token": "{ended_token}"}),
    Row("POST /auth/logout", 200, "logged out", {"refresh_token": "{refresh_token}"}, "-"),
    Row("POST /auth/logout", 401, "invalid refresh token", {"refresh_token": "{ended_token}"}, "-"),
    *(
        row
        for method in ("PUT", "POST")
        for row in (
            Row(
                f"{method} /auth/update-password",
                200,
                "Password updated successfully",
                OWN_PASSWORDS,
                shows="message",
            ),
            Row(
                f"{method} /auth/update-password",
                401,
                "invalid credentials",
                OWN_PASSWORDS | {"old_password": "not that one"},
            ),
        )
    ),
    Row("GET /auth/sessions", 200, "sessions found", shows="sessions"),
    Row("DELETE /auth/sessions/{session}", 204),
    Row("DELETE /auth/sessions/{fresh_name}", 404, "session not found"),
    Row("DELETE /auth/sessions/{session}", 404, "session not found", by="bob"),
]
USERS: Final = [
    Row("POST /users", 201, "user created", NEW, shows=f"{USER} email"),
    Row("POST /users", 409, "username already exists", NEW | {"username": "{bob.username}"}),
    Row("POST /users", 409, "email already exists", NEW | {"email": "{bob.email}"}),
    Row("GET /users?limit=2", 200, "users found", shows="users total next_cursor"),
    Row("GET /users?page=2&limit=1", 200, "users found", shows="users"),
    Row("GET /users/{alice}", 200, "user found", shows=f"{USER} email"),
    Row("GET /users/{bob}", 200, "user found", shows=USER),
    Row("GET /users/{nobody}", 404, "user not found", code="USER_NOT_FOUND"),
    Row("GET /users/username/{shouted_name}", 200, "user found", shows=USER),
    Row("GET /users/username/{fresh_name}", 404, "user not found"),
    Row("GET /users/email/{bob.email}", 200, "user found", shows=USER),
    Row("GET /users/email/{fresh_email}", 404, "user not found"),
    Row(
        "GET /users/search?query={alice.username}",
        200,
        "users found",
        shows="users total page limit",
    ),
    Row("GET /users/search?query=", 400, "invalid search query", code="INVALID_SEARCH_QUERY"),
    Row("GET /users/search", 400, "invalid search query"),
    Row("PUT /users/{alice}", 200, "user updated", {"bio": "Gulls"}, shows=f"{USER} bio email"),
    Row("PUT /users/{alice}", 200, "user updated", {}, shows=USER),
    Row("PUT /users/{alice}", 409, "username already exists", {"username": "{bob.username}"}),
    Row("PUT /users/{alice}", 409, "email already exists", {"email": "{bob.email}"}),
    Row("PUT /users/{bob}", 403, "forbidden", {"bio": "Gulls"}, code="FORBIDDEN"),
    Row("PUT /users", 200, "user updated", {"id": "{alice}", "full_name": "Alice"}, shows=USER),
    Row("PUT /users", 403, "forbidden", {"id": "{bob}", "full_name": "Alice"}),
    Row("PUT /users/avatar", 200, "avatar updated", {"avatar_url": "https://example.com/a.png"}),
    Row("DELETE /users/{bob}", 403, "forbidden"),
    Row(
        "PUT /users/{alice}",
        412,
        "precondition failed",
        {"bio": "Gulls"},
        headers={"If-Match": '"stale"'},
    ),
    Row("DELETE /users/{alice}", 412, "precondition failed", headers={"If-Match": '"stale"'}),
]
POSTS: Final = [
    Row(
        "POST /posts",
        201,
        "post created",
        {"title": "Dawn"},
        shows=f"{POST} author_id author_username",
    ),
    Row("GET /posts/list?limit=2", 200, "posts found", shows="posts total"),
    Row("GET /posts/list?offset=1&limit=1", 200, "posts found", shows="posts total"),
    Row("GET /posts/list?author_id={alice}&tag=sea&page=1", 200, "posts found", shows="posts"),
    Row("GET /posts/{post}", 200, "post found", shows=f"{POST} author", by="bob"),
    Row("GET /posts/{gone_post}", 404, "post not found", code="POST_NOT_FOUND"),
    Row("PUT /posts/{post}", 200, "post updated", {"tags": []}, shows=f"{POST} author"),
    Row("PUT /posts/{post}", 403, "forbidden", {"tags": []}, "bob"),
    Row("PUT /posts/{gone_post}", 404, "post not found", {"tags": []}),
    Row(
        "PUT /posts/{post}",
        412,
        "precondition failed",
        {"title": "Noon"},
        headers={"If-Match": '"stale"'},
    ),
    Row("DELETE /posts/{post}", 200, "post deleted"),
    Row("DELETE /posts/{post}", 403, "forbidden", by="bob"),
    Row("DELETE /posts/{gone_post}", 404, "post not found"),
    Row("DELETE /posts/{post}", 412, "precondition failed", headers={"If-Match": '"stale"'}),
]
RELATIONS: Final = [
    Row(
        "POST /relation/follow",
        200,
        "Followed successfully",
        {"followee_id": "{stranger}"},
        shows="message",
    ),
    Row("POST /relation/follow", 400, "cannot follow yourself", {"followee_id": "{alice}"}),
    Row("POST /relation/follow", 404, "user not found", {"followee_id": "{nobody}"}),
    Row(
        "POST /relation/follow",
        409,
        "already following this user",
        {"followee_id": "{followed}"},
    ),
    Row(
        "POST /relation/unfollow",
        200,
        "Unfollowed successfully",
        {"followee_id": "{followed}"},
        shows="message",
    ),
    Row("POST /relation/unfollow", 400, "cannot unfollow yourself", {"followee_id": "{alice}"}),
    Row(
        "POST /relation/unfollow",
        404,
        "follow relation not found",
        {"followee_id": "{stranger}"},
    ),
    *(
        row
        for side in ("followers", "followees")
        for row in (
            Row(
                f"GET /relation/{{bob}}/{side}",
                200,
                f"{side} found",
                shows=f"{side} total page limit",
            ),
            Row(f"GET /relation/{{nobody}}/{side}", 404, "user not found"),
        )
    ),
    Row("GET /relation/check?ids={bob},{alice}", 200, "relations found", shows="relations"),
]
NOTIFICATIONS: Final = [
    Row(
        "GET /notification/feed",
        200,
        "notifications found",
        shows="notifications total page limit total_pages",
    ),
    Row("GET /notification/feed?unread=true&page=1&limit=1", 200, "notifications found"),
    Row("GET /notification/unread-count", 200, "unread notifications counted", shows="count"),
    Row("GET /notification/{note}", 200, "notification found", shows=NOTE),
    Row("GET /notification/{note}", 403, NO_NOTE, by="bob", code="NOTIFICATION_ACCESS_DENIED"),
    Row("GET /notification/{gone_note}", 404, "notification not found"),
    Row(
        "POST /notification/send",
        200,
        "Notification sent successfully",
        {"user_id": "{bob}", "type": "greeting", "payload": [1, None, {"a": "b"}]},
        shows="notification_id message",
    ),
    Row(
        "POST /notification/send",
        404,
        "user not found",
        {"user_id": "{nobody}", "type": "greeting"},
    ),
    Row("PUT /notification/{note}/read", 200, "Notification marked as read", shows="success"),
    Row(
        "PUT /notification/{read_note}/read",
        200,
        "Notification already marked as read",
        shows="success message",
    ),
    Row("PUT /notification/{note}/read", 403, NO_NOTE, by="bob"),
    Row("PUT /notification/{gone_note}/read", 404, "notification not found"),
    Row(
        "PUT /notification/read-all",
        200,
        "All notifications marked as read",
        shows="success message updated",
    ),
    Row(
        "PUT /notification/read-all",
        200,
        "All notifications marked as read",
        {"up_to_seq": 1},
        shows="updated",
    ),
    Row("DELETE /notification/{note}", 200, "Notification removed successfully", shows="success"),
    Row("DELETE /notification/{note}", 403, NO_NOTE, by="bob"),
    Row("DELETE /notification/{gone_note}", 404, "notification not found"),
    Row("POST /notification/ws-ticket", 200, "ticket issued", shows="ticket expires_in"),
]

ROWS: Final = [*AUTH, *USERS, *POSTS, *RELATIONS, *NOTIFICATIONS, *INBOX]
