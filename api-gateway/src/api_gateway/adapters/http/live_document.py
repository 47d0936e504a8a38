"""The live channel in the OpenAPI document: what can be said of it there (contracts, part 4)."""

from typing import Any, Final

from api_gateway.adapters.http.operations import API, Refusal
from api_gateway.adapters.http.refusals import ALWAYS, UNAUTHENTICATED, error_responses

_WEBSOCKET_TEXT: Final = (
    "A WebSocket of the subprotocol `pinstack.v1`. The caller is known by `Authorization`, by the "
    "subprotocol `bearer.<token>` beside `pinstack.v1`, or by a ticket. The first frame says where "
    'to go on: `{"type":"resume","after_seq":120}`. Close codes: 4401 token missing, bad, expired '
    "or revoked; 4408 client too slow; 4429 too many sockets; 1012 restarting; 1009 frame too "
    "large."
)
_STREAM_TEXT: Final = (
    "The same events as Server-Sent Events: `id` is the seq of a notification, `Last-Event-ID` "
    "resumes after one, comments keep the stream alive."
)
_TICKET: Final = {
    "name": "ticket",
    "in": "query",
    "required": False,
    "description": "From POST /notification/ws-ticket; good once, for 30 s.",
    "schema": {"type": "string"},
}
_LAST_EVENT_ID: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The seq after which the stream begins; from now on without it.",
    "schema": {"type": "string", "pattern": "^[0-9]{0,18}$"},
}
_AFTER_SEQ: Final = {
    "name": "after_seq",
    "in": "query",
    "required": False,
    "description": "The same for the first time, when there is no Last-Event-ID yet.",
    "schema": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10**18 - 1,
        "x-empty-is-unset": True,
    },
}
_ERRORS: Final = (
    *UNAUTHENTICATED,
    Refusal(401, "INVALID_TICKET", "invalid ticket"),
    Refusal(401, "TOKEN_IN_URL", "an access token must not stand in the URL"),
    Refusal(403, "ORIGIN_NOT_ALLOWED", "origin not allowed"),
    *ALWAYS,
    Refusal(429, "TOO_MANY_CONNECTIONS", "too many live connections"),
    Refusal(503, "TOO_MANY_CONNECTIONS", "too many live connections"),
    Refusal(503, "RESTARTING", "restarting"),
)


def live_paths() -> dict[str, dict[str, Any]]:
    """The path items of both carriers."""
    invalid = Refusal(400, "VALIDATION_FAILED", "validation failed")
    upgrade = Refusal(426, "UPGRADE_REQUIRED", "upgrade required")
    events = {"description": "An endless stream", "content": {"text/event-stream": {}}}
    return {
        f"{API}/notification/ws": {
            "get": _operation(
                "openSocket",
                "Live notifications over a WebSocket",
                _WEBSOCKET_TEXT,
                {"101": {"description": "The socket is open"}, **_refused(*_ERRORS, upgrade)},
                [_TICKET],
            )
        },
        f"{API}/notification/stream": {
            "get": _operation(
                "openStream",
                "Live notifications as Server-Sent Events",
                _STREAM_TEXT,
                {"200": events, **_refused(*_ERRORS, invalid)},
                [_TICKET, _AFTER_SEQ, _LAST_EVENT_ID],
            )
        },
    }


def _operation(
    id: str,
    summary: str,
    description: str,
    responses: dict[str, Any],
    parameters: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "operationId": id,
        "summary": summary,
        "description": description,
        "tags": ["notifications"],
        "security": [{"bearer": []}, {}],
        "parameters": parameters,
        "responses": responses,
    }


def _refused(*refusals: Refusal) -> dict[str, Any]:
    """Error responses as they stand in the document, with the schema in place of the model."""
    found: dict[str, Any] = {}
    for status, response in error_responses(refusals).items():
        content = response.get("content", {}).get("application/json", {})
        schema = {"$ref": "#/components/schemas/Error"}
        found[str(status)] = {
            "description": response["description"],
            "content": {"application/json": {"schema": schema, **content}},
        }
    return found
