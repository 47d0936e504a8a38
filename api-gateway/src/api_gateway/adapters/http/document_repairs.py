"""What FastAPI cannot write, or writes wrongly, put right in the finished OpenAPI document."""

import re
from collections.abc import Iterator
from typing import Any, Final

from api_gateway.adapters.http.schemas.fields import MAX_ID

_BOUNDS: Final = ("minimum", "maximum")
_JSON: Final = "application/json"
_ENVELOPE: Final = re.compile(r"Envelope_(\w+)Data_$")
_METHODS: Final = ("get", "put", "post", "patch", "delete")


def repair(content: dict[str, Any]) -> None:
    """Change the document in place."""
    _rename_envelopes(content)
    for node in _objects(content):
        _make_bounds_exact(node)
    for item in content["paths"].values():
        for method in _METHODS:
            for parameter in item.get(method, {}).get("parameters", ()):
                _describe(parameter)
            for response in item.get(method, {}).get("responses", {}).values():
                _keep_to_json(response)


def _rename_envelopes(content: dict[str, Any]) -> None:
    """Generated clients get their names from here."""
    schemas = content["components"]["schemas"]
    content["components"]["schemas"] = {_clean(name): item for name, item in schemas.items()}
    for node in _objects(content):
        if "$ref" in node:
            node["$ref"] = _clean(node["$ref"])


def _clean(name: str) -> str:
    return _ENVELOPE.sub(r"\1Envelope", name)


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


def _make_bounds_exact(node: dict[str, Any]) -> None:
    """Bounds went through float, which 2^63 − 1 does not survive."""
    for name in _BOUNDS:
        bound = node.get(name)
        if isinstance(bound, float) and bound.is_integer():
            node[name] = min(int(bound), MAX_ID)


def _describe(parameter: dict[str, Any]) -> None:
    """What a field says of its parameter, such as its style, stands beside the schema."""
    schema = parameter["schema"]
    parameter.update(schema.pop("x-parameter", {}))
    if parameter.get("required"):
        schema.pop("default", None)
    if "const" in schema:  # the same, and generators of clients know it in a header, too
        schema["enum"] = [schema.pop("const")]


def _keep_to_json(response: dict[str, Any]) -> None:
    """Errors are JSON also where success is a page or a picture."""
    kinds = response.get("content", {})
    error = {"schema": {"$ref": "#/components/schemas/Error"}}
    for kind in [kind for kind, content in kinds.items() if content == error and kind != _JSON]:
        kinds[_JSON] = {**kinds.pop(kind), **kinds.get(_JSON, {})}
