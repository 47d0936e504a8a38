"""docs/asyncapi.yaml, and whether a message fits it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "asyncapi.yaml"


@cache
def document() -> dict[str, Any]:
    """The document; keys as JSON has them."""
    found: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(DOCUMENT.read_text())))
    return found


def check(instance: object, message: str) -> None:
    """Fails where something does not fit a message's schema, or has more than that names."""
    _validator(message).validate(instance)


def checked_frame(text: str | bytes) -> dict[str, Any]:
    """What a server has sent, which must be a frame as it is documented."""
    frame: dict[str, Any] = json.loads(text)
    check(frame, f"frames.{frame['type']}")
    return frame


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
