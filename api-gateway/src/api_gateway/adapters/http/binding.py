"""From a request to the arguments of a route: decoded, validated, with every violation named."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from fastapi.params import Query
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from service_kit.errors import AppError, FieldViolation, InvalidArgument

from api_gateway.adapters.http import json_body
from api_gateway.adapters.http.body_stream import BodyStream
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.errors import InvalidInput
from api_gateway.adapters.http.operations import Handler

_WRONG_TYPE: Final = ("_type", "_parsing", "int_from_float", "invalid_input")
"""How the pydantic error types end that say: this is not the JSON type that belongs here."""
_ISSUES: Final = {"missing": "is required"}


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """The argument that takes the query."""

    name: str
    adapter: TypeAdapter[Any]
    repeatable: frozenset[str]

    def collect(self, pairs: Sequence[tuple[str, str]]) -> dict[str, str | list[str]]:
        """The query as the model takes it; of a field that is given twice the first one counts."""
        values: dict[str, str | list[str]] = {}
        for name, value in pairs:
            if "\0" in value:
                raise InvalidArgument(violations=[FieldViolation(name, "must not contain NUL")])
            if name not in self.repeatable:
                values.setdefault(name, value)
            elif isinstance(several := values.setdefault(name, []), list):
                several.append(value)
        return values


@dataclass(frozen=True, slots=True)
class BodyParameter:
    """The argument that takes the body."""

    name: str
    adapter: TypeAdapter[Any]
    may_be_empty: bool

    def content(self, content_type: str | None, raw: bytes) -> dict[str, Any]:
        """The object in the body. Raises InvalidInput without one."""
        if not raw.strip() and self.may_be_empty:
            return {}
        if not json_body.is_json(content_type):
            raise InvalidInput
        value = json_body.parse(raw)
        if not isinstance(value, dict):
            raise InvalidInput
        return value


@dataclass(frozen=True, slots=True)
class Binding:
    """The arguments that a handler takes."""

    call: str | None
    path: Mapping[str, TypeAdapter[Any]]
    query: QueryParameter | None
    body: BodyParameter | None
    stream: str | None = None

    def arguments(self, call: Call, path: Mapping[str, str], raw: bytes) -> dict[str, Any]:
        """The arguments for one request.

        Raises InvalidInput for what cannot be decoded, else InvalidArgument with all violations.
        """
        found: dict[str, Any] = {} if self.call is None else {self.call: call}
        problems: list[ErrorDetails] = []
        for name, adapter in self.path.items():
            _take(found, problems, name, adapter, path[name])
        if self.query is not None:
            values = self.query.collect(call.query())
            _take(found, problems, self.query.name, self.query.adapter, values)
        if self.body is not None:
            content = self.body.content(call.field("content-type"), raw)
            _take(found, problems, self.body.name, self.body.adapter, content)
        if problems:
            raise _refusal(problems)
        return found


def bind(handler: Handler, path_names: Sequence[str]) -> Binding:
    """Read from a handler's annotations what it takes."""
    hints = get_type_hints(handler, include_extras=True)
    call, query, body, stream = None, None, None, None
    path: dict[str, TypeAdapter[Any]] = {}
    for name in inspect.signature(handler).parameters:
        hint = hints[name]
        if hint is Call:
            call = name
        elif hint is BodyStream:
            stream = name
        elif name in path_names:
            path[name] = TypeAdapter(hint)
        elif is_query(hint):
            model = get_args(hint)[0]
            query = QueryParameter(name, TypeAdapter(model), _repeatable(model))
        else:
            body = BodyParameter(name, TypeAdapter(hint), may_be_empty(hint))
    return Binding(call, path, query, body, stream)


def is_query(hint: object) -> bool:
    """Whether an annotation is `Annotated[Model, Query()]`."""
    return get_origin(hint) is Annotated and any(isinstance(m, Query) for m in get_args(hint)[1:])


def may_be_empty(model: type[BaseModel]) -> bool:
    """Whether a body of that model can be left out: it requires nothing."""
    return not any(field.is_required() for field in model.model_fields.values())


def _repeatable(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        field.alias or name
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is list
    )


def _take(
    found: dict[str, Any],
    problems: list[ErrorDetails],
    name: str,
    adapter: TypeAdapter[Any],
    value: object,
) -> None:
    try:
        found[name] = adapter.validate_python(value)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            problems.append({**problem, "loc": problem["loc"] or (name,)})


def _refusal(problems: Sequence[ErrorDetails]) -> AppError:
    if any(problem["type"].endswith(_WRONG_TYPE) for problem in problems):
        return InvalidInput()
    return InvalidArgument(
        violations=[
            FieldViolation(
                ".".join(str(part) for part in problem["loc"]),
                _ISSUES.get(problem["type"], problem["msg"]),
            )
            for problem in problems
        ]
    )
