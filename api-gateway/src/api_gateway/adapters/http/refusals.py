"""Every error that an operation may answer, for the OpenAPI document."""

from collections.abc import Sequence
from typing import Any, Final

from api_gateway.adapters.http.operations import PRECONDITION_FAILED, Access, Operation, Refusal
from api_gateway.adapters.http.schemas.envelopes import Error

EXAMPLE_TIME: Final = "2026-01-02T03:04:05Z"
_JSON: Final = "application/json"
INVALID_INPUT: Final = Refusal(400, "INVALID_INPUT", "invalid input")
VALIDATION_FAILED: Final = Refusal(400, "VALIDATION_FAILED", "validation failed")
UNAUTHENTICATED: Final = (
    Refusal(401, "UNAUTHENTICATED", "unauthenticated"),
    Refusal(401, "INVALID_TOKEN", "invalid token"),
    Refusal(401, "TOKEN_EXPIRED", "token expired"),
)
ALWAYS: Final = (
    Refusal(429, "RATE_LIMITED", "too many requests"),
    Refusal(500, "INTERNAL", "internal error"),
    Refusal(503, "UNAVAILABLE", "external service unavailable"),
    Refusal(503, "SERVER_OVERLOADED", "server is overloaded"),
    Refusal(504, "DEADLINE_EXCEEDED", "external service timeout"),
)
_IDEMPOTENT: Final = (
    Refusal(409, "IDEMPOTENCY_KEY_IN_USE", "request is already in progress"),
    Refusal(422, "IDEMPOTENCY_KEY_REUSED", "idempotency key was used with another request"),
)
_BODY: Final = (
    Refusal(408, "REQUEST_TIMEOUT", "request timeout"),
    Refusal(413, "PAYLOAD_TOO_LARGE", "request body too large"),
)


def refusals(operation: Operation, *, takes_input: bool, takes_body: bool) -> list[Refusal]:
    """Every error that an operation may answer."""
    found = list(operation.errors)
    if takes_input:
        found += [INVALID_INPUT, VALIDATION_FAILED]
    if operation.access is not Access.OPEN:
        found += UNAUTHENTICATED
    if takes_body:
        found += _BODY
    if operation.idempotent:
        found += _IDEMPOTENT
    if operation.conditional:
        found.append(PRECONDITION_FAILED)
    return [*found, *ALWAYS]


def error_responses(found: Sequence[Refusal]) -> dict[int | str, dict[str, Any]]:
    """The responses of an operation, by status; FastAPI reads `model` from them."""
    responses: dict[int | str, dict[str, Any]] = {}
    for refusal in found:
        response = responses.setdefault(
            refusal.status,
            {"description": "", "model": Error, "content": {_JSON: {"examples": {}}}},
        )
        if refusal.model is not None:
            response["model"] |= refusal.model
        examples = response["content"][_JSON]["examples"]
        examples[refusal.code] = {"value": _error_example(refusal)}
        messages = dict.fromkeys(item["value"]["message"] for item in examples.values())
        response["description"] = ", ".join(f"`{message}`" for message in messages)
    responses["default"] = {"description": "Any other error", "model": Error}
    return responses


def _error_example(refusal: Refusal) -> dict[str, Any]:
    example: dict[str, Any] = {
        "status": refusal.status,
        "error": refusal.message,
        "message": refusal.message,
        "code": refusal.code,
        "timestamp": EXAMPLE_TIME,
        "request_id": "0af7651916cd43dd8448eb211c80319c",
        **refusal.more,
    }
    if refusal.code == VALIDATION_FAILED.code:
        example["details"] = [{"field": "username", "issue": "is required"}]
    return example
