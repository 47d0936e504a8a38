"""docs/asyncapi.yaml is AsyncAPI 3, and says what protos and code do."""

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto import topics
from pinstack_proto.topics import EVENT_TYPES, EventType
from service_kit.config import KafkaSettings
from service_kit.events import Message, cloud_event_headers, dead_letter_topic
from service_kit.events.dead_letter_box import DROPPED, REQUEUED, DeadLetter
from service_kit.events.dead_letters import dead_letter
from service_kit.events.decoding import content_of
from service_kit.events.message import Headers
from service_kit.events.reader import ReadRecord
from service_kit.uuid7 import uuid7

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / ".ci" / "asyncapi"
SCHEMA = SPECS / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"

AT = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
SCALARS = {
    FieldDescriptor.TYPE_INT64: {"type": "integer", "format": "int64"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
}
SAMPLES = {
    FieldDescriptor.TYPE_INT64: 7,
    FieldDescriptor.TYPE_STRING: "x",
    FieldDescriptor.TYPE_BOOL: True,
}
WELL_KNOWN = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.FieldMask": {"type": "string"},
}
every_event = pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda row: row.name)


@cache
def document() -> dict[str, Any]:
    """The document; keys as JSON has them."""
    text = (ROOT / "docs" / "asyncapi.yaml").read_text()
    found: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(text)))
    return found


def test_the_document_is_asyncapi_3() -> None:
    validator = jsonschema.Draft7Validator(asyncapi_schema())
    wrong = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(document())]
    assert not wrong


def test_what_is_no_asyncapi_is_found_to_be_none() -> None:
    broken = {**document(), "channels": {"x": {"messages": [], "adress": "x"}}}
    assert not jsonschema.Draft7Validator(asyncapi_schema()).is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    for reference in references(document()):
        assert resolved(reference) is not None, reference


def test_every_topic_is_a_channel_with_the_messages_of_the_registry() -> None:
    documented = {
        channel["address"]: set(channel["messages"])
        for name, channel in document()["channels"].items()
        if {"$ref": "#/servers/kafka"} in channel["servers"] and name != "dead-letters"
    }
    assert documented == {
        topic: {row.name for row in EVENT_TYPES if row.topic == topic} for topic in topics.TOPICS
    }


def test_channels_have_the_partitions_that_services_give_to_topics() -> None:
    partitions = KafkaSettings.model_fields["topic_partitions"].default
    bindings = [channel.get("bindings", {}) for channel in document()["channels"].values()]
    kafka = [binding["kafka"]["partitions"] for binding in bindings if "kafka" in binding]
    assert kafka == [partitions] * (len(topics.TOPICS) + 1)


def test_every_service_that_consumes_has_a_dead_letter_channel() -> None:
    consumers = [
        path.parts[len(ROOT.parts)] for path in ROOT.glob("*/src/*/adapters/event_consumer.py")
    ]
    channel = document()["channels"]["dead-letters"]
    assert channel["parameters"]["group"]["enum"] == sorted(consumers)
    assert channel["address"].format(group="x") == dead_letter_topic("x")


def test_every_channel_is_used_by_an_operation() -> None:
    used = {one["channel"]["$ref"] for one in document()["operations"].values()}
    assert used == {f"#/channels/{name}" for name in document()["channels"]}


@every_event
def test_a_message_has_the_fields_of_its_protobuf(event: EventType) -> None:
    message = document()["components"]["messages"][event.name]
    descriptor, payload = event.message.DESCRIPTOR, message["payload"]
    assert (message["name"], payload["x-protobuf"]) == (event.name, descriptor.full_name)
    assert payload["x-numbers"] == {field.name: field.number for field in descriptor.fields}
    assert {name: kind(schema) for name, schema in payload["properties"].items()} == {
        field.name: kind_of(field) for field in descriptor.fields
    }
    always = {field.name for field in descriptor.fields if not field.has_presence}
    assert set(payload["required"]) == always | {"occurred_at"}


@every_event
def test_an_event_as_tools_decode_it_fits_its_schema(event: EventType) -> None:
    message = event.message(occurred_at=Timestamp(seconds=1_767_323_045))
    for field in message.DESCRIPTOR.fields:
        if field.type in SCALARS and not field.is_repeated:
            setattr(message, field.name, SAMPLES[field.type])
    packed = topics.pack(message)
    content = content_of(packed.type, packed.value, [topics.unpack])
    check(content, f"#/components/messages/{event.name}/payload")


@every_event
def test_the_headers_of_an_event_fit_their_schema(event: EventType) -> None:
    headers = cloud_event_headers(uuid7(), event.name, "some-service", AT, TRACE)
    message = document()["components"]["messages"][event.name]
    check(as_text(headers), message["headers"]["$ref"])


def test_the_headers_of_a_dead_letter_fit_their_schemas() -> None:
    headers = cloud_event_headers(uuid7(), "user.created.v1", "user-service", AT, TRACE)
    record = ReadRecord("user-events", 3, 17, b"7", b"", headers, AT)
    dead = dead_letter(record, "why", 2)
    added = {key: value for key, value in as_text(dead.headers).items() if key.startswith("dlq_")}
    check(added, "#/components/schemas/DeadLetterHeaders")
    back = DeadLetter(as_record(dead)).original()
    check(as_text(back.headers), "#/components/schemas/EventHeaders")
    again = as_text(dead_letter(as_record(back), "why", 2).headers)
    added = {key: value for key, value in again.items() if key.startswith("dlq_")}
    check(added, "#/components/schemas/DeadLetterHeaders")


def test_what_can_become_of_a_dead_letter_is_documented() -> None:
    headers = document()["components"]["schemas"]["DeadLetterDoneHeaders"]
    assert headers["properties"]["dlq_done"]["enum"] == [REQUEUED, DROPPED]


def asyncapi_schema() -> dict[str, Any]:
    """AsyncAPI's own schema, of the version in `.ci/asyncapi/package.json`."""
    if not SCHEMA.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("the AsyncAPI schema comes through npm, which is not on PATH")
        command = [npm, "install", "--no-package-lock", "--ignore-scripts", "--silent"]
        done = subprocess.run(command, cwd=SPECS, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode and not os.environ.get("CI"):
            pytest.skip(f"the AsyncAPI schema can't be had: {done.stderr.strip()[-200:]}")
        assert done.returncode == 0, done.stderr
    schema: dict[str, Any] = json.loads(SCHEMA.read_text())
    return schema


def check(instance: object, pointer: str) -> None:
    """Fails where `instance` does not fit a schema, or has what the schema does not name."""
    root = {**strict(document()), "$ref": pointer}
    jsonschema.Draft202012Validator(
        root, format_checker=jsonschema.FormatChecker(["date-time", "uuid"])
    ).validate(instance)


def strict(node: Any) -> Any:
    """A copy in which objects have no other properties than those named."""
    if isinstance(node, list):
        return [strict(one) for one in node]
    if not isinstance(node, dict):
        return copy.copy(node)
    made = {name: strict(value) for name, value in node.items()}
    if made.get("type") == "object" and "properties" in made:
        made["additionalProperties"] = False
    return made


def references(node: Any) -> Iterator[str]:
    """Every `$ref` in a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(reference: str) -> Any:
    """What a reference within the document leads to; None for nothing."""
    node: Any = document()
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def kind(schema: dict[str, Any]) -> dict[str, Any]:
    """Of a property's schema, what the protobuf type decides."""
    while "$ref" in schema or "allOf" in schema:
        schema = resolved(schema["$ref"]) if "$ref" in schema else schema["allOf"][0]
    found = {key: schema[key] for key in ("type", "format") if key in schema}
    return found | ({"items": kind(schema["items"])} if "items" in schema else {})


def kind_of(field: FieldDescriptor) -> dict[str, Any]:
    """The same, from the protobuf field."""
    message = field.message_type
    one = WELL_KNOWN[message.full_name] if message else SCALARS[field.type]
    return {"type": "array", "items": one} if field.is_repeated else one


def as_text(headers: Headers) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


def as_record(message: Message) -> ReadRecord:
    return ReadRecord("x.dlq", 1, 5, message.key, message.value, message.headers, AT)
