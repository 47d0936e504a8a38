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

from api_gateway.adapters.http.binding import is_query, may_be_empty
from api_gateway.adapters.http.body_stream import BodyStream
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.document_links import links_of
from api_gateway.adapters.http.document_repairs import repair
from api_gateway.adapters.http.idempotency import MAX_KEY
from api_gateway.adapters.http.operations import Access, Operation, Route, Success
from api_gateway.adapters.http.refusals import EXAMPLE_TIME, error_responses, refusals
from api_gateway.adapters.http.schemas.envelopes import Done, Envelope

_JSON: Final = "application/json"
_SCHEME: Final = "bearer"
_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY
_DESCRIPTION: Final = (
    "The one public API of the platform. Every answer stands in one of two envelopes; ids are "
    "integers below 2^53, times RFC 3339 in UTC, lists always arrays; an optional text that is "
    "not set is absent. In a request null is the same as absent, and unknown fields are ignored; "
    "but nowhere may stand a NUL character, half of a surrogate pair, a number that does not fit "
    "in 64 bits, a key twice, or arrays and objects more than 64 deep. Reads with `x-public-reads` "
    "need no token, and ignore one, where the gateway runs with GATEWAY_PUBLIC_READS or "
    "GATEWAY_COMPAT."
)


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
    repair(content)
    return content


def _documented(route: Route) -> APIRoute:
    operation = route.operation
    parameters = _parameters(route)
    body = _body(parameters)
    extra: dict[str, Any] = {"parameters": _header_parameters(operation)}
    if operation.takes:
        extra["requestBody"] = _stream_body(operation.takes)
    if body is not None and may_be_empty(body):
        extra["requestBody"] = {"required": False}
    if operation.access is not Access.OPEN:
        extra["security"] = [{_SCHEME: []}]
    if operation.access is Access.READ:
        extra["x-public-reads"] = True
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
        response_class=_response_class(operation.success),
        responses={
            **_success(operation),
            **error_responses(
                refusals(
                    operation,
                    takes_input=bool(parameters or operation.fields or operation.takes),
                    takes_body=body is not None or bool(operation.takes),
                )
            ),
        },
        openapi_extra=extra,
    )


def _response_class(success: Success) -> type[Response]:
    """What FastAPI takes the media type from."""
    if success.status == 204:
        return Response
    if success.bare in ("", _JSON):
        return JSONResponse
    return type("BareResponse", (Response,), {"media_type": success.bare})


def _parameters(route: Route) -> list[inspect.Parameter]:
    path_names = compile_path(route.operation.path)[2]
    found = []
    for name, hint in get_type_hints(route.handler, include_extras=True).items():
        if hint in (Call, BodyStream) or name == "return":
            continue
        default: Any = inspect.Parameter.empty
        if name not in path_names and not is_query(hint) and route.operation.example:
            default = Body(examples=[dict(route.operation.example)])
        found.append(inspect.Parameter(name, _KEYWORD, annotation=hint, default=default))
    return found


def _body(parameters: Sequence[inspect.Parameter]) -> type[BaseModel] | None:
    hints = (parameter.annotation for parameter in parameters)
    return next((hint for hint in hints if _is_model(hint)), None)


def _is_model(hint: Any) -> bool:
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
        found.append(
            _header(
                "Idempotency-Key",
                "The first answer to this key is kept for 24 h.",
                minLength=1,
                maxLength=MAX_KEY,
                pattern=r"[^ \t]",
            )
        )
    if operation.conditional:
        found.append(_header("If-Match", "Change only what still has this entity tag."))
    for field in operation.fields:
        found.append(
            {**_header(field.name, field.meaning, **field.rules), "required": field.required}
        )
    if operation.method == "GET":
        found.append(_header("If-None-Match", "Answer 304 where this entity tag still holds."))
    return found


def _stream_body(media_type: str) -> dict[str, Any]:
    """What is passed on while it comes; a form has it as its part `file`."""
    schema: dict[str, Any] = {"type": "string", "format": "binary"}
    if media_type.startswith("multipart/"):
        schema = {"type": "object", "properties": {"file": schema}, "required": ["file"]}
    return {"required": True, "content": {media_type: {"schema": schema}}}


def _header(name: str, meaning: str, **rules: object) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": meaning,
        "schema": {"type": "string", **rules},
    }


def _success(operation: Operation) -> dict[int | str, dict[str, Any]]:
    success = operation.success
    found: dict[int | str, dict[str, Any]] = {success.status: _success_response(success)}
    if links := links_of(operation.id):
        found[success.status]["links"] = links
    for status, meaning in success.also:
        found[status] = {"description": meaning}
    if operation.method == "GET":
        found[304] = {"description": "Not modified"}
    return found


def _bare(success: Success) -> dict[str, Any]:
    content: dict[str, Any] = {} if success.example is None else {"example": success.example}
    response: dict[str, Any] = {"description": "OK", "content": {success.bare: content}}
    if success.data is not None:
        response["model"] = success.data
    return response


def _success_response(success: Success) -> dict[str, Any]:
    if success.status == 204:
        return {"description": "Done, with nothing to say"}
    if success.bare:
        return _bare(success)
    model = Done if success.data is None else Envelope[success.data]  # type: ignore[name-defined]
    example = {"status": success.status, "message": success.message, "timestamp": EXAMPLE_TIME}
    if success.example is not None:
        example["data"] = success.example
    return {
        "description": success.message,
        "model": model,
        "content": {_JSON: {"example": example}},
    }
