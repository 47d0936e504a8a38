"""docs/asyncapi.yaml, and whether a frame fits it."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "asyncapi.yaml"


@cache
def document() -> dict[str, Any]:
    """The document; keys as JSON has them."""
    found: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(DOCUMENT.read_text())))
    return found


def check_frame(frame: Mapping[str, Any]) -> None:
    """Fails where a frame of the server is not as it is documented, or says more."""
    _validator(f"frames.{frame['type']}").validate(frame)


@cache
def _validator(message: str) -> jsonschema.Draft202012Validator:
    root = {**_strict(document()), "$ref": f"#/components/messages/{message}/payload"}
    formats = jsonschema.FormatChecker(["date-time"])
    return jsonschema.Draft202012Validator(root, format_checker=formats)


def _strict(node: Any) -> Any:
    """A copy in which objects have no other properties than those named."""
    if isinstance(node, list):
        return [_strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: _strict(value) for name, value in node.items()}
    if made.get("type") == "object" and "properties" in made:
        made["additionalProperties"] = False
    return made
