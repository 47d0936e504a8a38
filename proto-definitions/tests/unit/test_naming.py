"""New RPCs follow the naming rules that the fixed ones are excused from in buf.yaml."""

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from tests.descriptors import EVENT_FILES, messages, methods
from tests.unit.fixed_contract import RPCS


def is_fixed(method: MethodDescriptor) -> bool:
    return method.name in RPCS.get(method.containing_service.full_name, ())


def test_every_request_is_named_for_its_rpc() -> None:
    assert all(method.input_type.name == f"{method.name}Request" for method in methods())


def test_a_new_rpc_answers_a_message_of_its_own_or_empty() -> None:
    strays = {
        method.full_name: method.output_type.full_name
        for method in methods()
        if not is_fixed(method)
        and method.output_type.name != f"{method.name}Response"
        and method.output_type.full_name != "google.protobuf.Empty"
    }

    assert strays == {}


def test_no_event_carries_an_email() -> None:
    carriers = [
        name
        for name, message in messages(EVENT_FILES).items()
        if any("email" in field.name or field.name == "user" for field in message.fields)
    ]

    assert carriers == []


def test_every_event_says_when_it_occurred() -> None:
    timeless = [
        name
        for name, message in messages(EVENT_FILES).items()
        if message.fields_by_name["occurred_at"].message_type != Timestamp.DESCRIPTOR
    ]

    assert timeless == []
