"""The OpenAPI 3.1 document, made from the declarations that the gateway serves by.

FastAPI reads the signatures; it serves nothing, as it parses bodies before it knows the caller.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_type_hints

from fastapi import Body
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from api_gateway.adapters.http.binding import is_query
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import Access, Operation, Refusal, Route, Success
from api_gateway.adapters.http.schemas.envelopes import Done, Envelope, Error

_NOW: Final = "2026-01-02T03:04:05Z"
_JSON: Final = "application/json"
_SCHEME: Final = "bearer"
_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY
_DESCRIPTION: Final = (
    "The one public API of the platform. Every answer stands in one of two envelopes; ids are "
    "integers below 2^53, times RFC 3339 in UTC, lists always arrays; an optional text that is "
    "not set is absent."
)

INVALID_INPUT: Final = Refusal(400, "INVALID_INPUT", "invalid input")
VALIDATION_FAILED: Final = Refusal(400, "VALIDATION_FAILED", "validation failed")
_UNAUTHENTICATED: Final = (
    Refusal(401, "UNAUTHENTICATED", "unauthenticated"),
    Refusal(401, "INVALID_TOKEN", "invalid token"),
    Refusal(401, "TOKEN_EXPIRED", "token expired"),
)
_ALWAYS: Final = (
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
_TOO_LARGE: Final = Refusal(413, "PAYLOAD_TOO_LARGE", "request body too large")
_STALE: Final = Refusal(412, "PRECONDITION_FAILED", "precondition failed")


def refusals(operation: Operation, *, takes_input: bool, takes_body: bool) -> list[Refusal]:
    """Every error that an operation may answer."""
    found = list(operation.errors)
    if takes_input:
        found += [INVALID_INPUT, VALIDATION_FAILED]
    if operation.access is not Access.OPEN:
        found += _UNAUTHENTICATED
    if takes_body:
        found.append(_TOO_LARGE)
    if operation.idempotent:
        found += _IDEMPOTENT
    if operation.conditional:
        found.append(_STALE)
    return [*found, *_ALWAYS]


def document(
    routes: Sequence[Route], version: str, extra_paths: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The OpenAPI document of all operations; `extra_paths` are those of the live channel."""
    tags = sorted({route.operation.tag for route in routes})
    content = get_openapi(
        title="Pinstack API",
        version=version,
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=[_documented(route) for route in routes],
        tags=[{"name": tag} for tag in tags],
        servers=[{"url": "/"}],
    )
    for path, item in extra_paths.items():
        content["paths"].setdefault(path, {}).update(item)
    content["components"]["securitySchemes"] = {
        _SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    return content


def _documented(route: Route) -> APIRoute:
    operation = route.operation
    parameters = _parameters(route)
    body = any(_is_body(p.annotation) for p in parameters)
    extra: dict[str, Any] = {"parameters": _header_parameters(operation)}
    if operation.access is not Access.OPEN:
        extra["security"] = [{_SCHEME: []}]
    return APIRoute(
        operation.path,
        _signed(parameters),
        methods=[operation.method],
        operation_id=operation.id,
        summary=operation.summary,
        description=inspect.getdoc(route.handler) or operation.summary,
        tags=[operation.tag],
        deprecated=operation.deprecated or None,
        status_code=operation.success.status,
        response_model=None,
        response_class=Response if operation.success.status == 204 else JSONResponse,
        responses={
            **_success(operation),
            **_errors(refusals(operation, takes_input=bool(parameters), takes_body=body)),
        },
        openapi_extra=extra,
    )


def _parameters(route: Route) -> list[inspect.Parameter]:
    path_names = compile_path(route.operation.path)[2]
    found = []
    for name, hint in get_type_hints(route.handler, include_extras=True).items():
        if hint is Call or name == "return":
            continue
        default: Any = inspect.Parameter.empty
        if name not in path_names and not is_query(hint) and route.operation.example:
            default = Body(examples=[dict(route.operation.example)])
        found.append(inspect.Parameter(name, _KEYWORD, annotation=hint, default=default))
    return found


def _is_body(hint: Any) -> bool:
    return inspect.isclass(hint) and issubclass(hint, BaseModel)


def _signed(parameters: Sequence[inspect.Parameter]) -> Callable[..., None]:
    """A function of that signature, for FastAPI to read."""

    def stand_in() -> None:
        return None

    stand_in.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return stand_in


def _header_parameters(operation: Operation) -> list[dict[str, Any]]:
    found = []
    if operation.idempotent:
        found.append(_header("Idempotency-Key", "The first answer to this key is kept for 24 h."))
    if operation.conditional:
        found.append(_header("If-Match", "Change only what still has this entity tag."))
    if operation.method == "GET" and not operation.success.bare:
        found.append(_header("If-None-Match", "Answer 304 where this entity tag still holds."))
    return found


def _header(name: str, meaning: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": meaning,
        "schema": {"type": "string", "maxLength": 255},
    }


def _success(operation: Operation) -> dict[int | str, dict[str, Any]]:
    success = operation.success
    found: dict[int | str, dict[str, Any]] = {success.status: _success_response(success)}
    if operation.method == "GET" and not success.bare:
        found[304] = {"description": "Not modified"}
    return found


def _success_response(success: Success) -> dict[str, Any]:
    if success.status == 204:
        return {"description": "Done, with nothing to say"}
    if success.bare:
        response: dict[str, Any] = {"description": "OK"}
        if success.data is not None:
            response["model"] = success.data
        return response
    model = Done if success.data is None else Envelope[success.data]  # type: ignore[name-defined]
    example = {"status": success.status, "message": success.message, "timestamp": _NOW}
    if success.example is not None:
        example["data"] = success.example
    return {
        "description": success.message,
        "model": model,
        "content": {_JSON: {"example": example}},
    }


def _errors(found: Sequence[Refusal]) -> dict[int | str, dict[str, Any]]:
    responses: dict[int | str, dict[str, Any]] = {}
    for refusal in found:
        response = responses.setdefault(
            refusal.status,
            {"description": "", "model": Error, "content": {_JSON: {"examples": {}}}},
        )
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
        "timestamp": _NOW,
        "request_id": "0af7651916cd43dd8448eb211c80319c",
    }
    if refusal.code == VALIDATION_FAILED.code:
        example["details"] = [{"field": "username", "issue": "is required"}]
    return example
