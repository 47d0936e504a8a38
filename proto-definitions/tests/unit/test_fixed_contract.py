"""Nothing that existing clients speak is renamed, renumbered or retyped."""

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.user.v1 import user_pb2

from tests.descriptors import SERVICE_FILES, described, messages, services
from tests.unit.fixed_contract import MESSAGES, RPCS


def rows(table: str) -> set[str]:
    return {" ".join(row.split()) for row in table.split(";") if row.strip()}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_fixed_message_keeps_every_field(name: str) -> None:
    fields = {described(field) for field in messages(SERVICE_FILES)[name].fields}

    assert rows(MESSAGES[name]) - fields == set()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_new_field_takes_a_number_after_the_fixed_ones(name: str) -> None:
    fixed = rows(MESSAGES[name])
    new = [f for f in messages(SERVICE_FILES)[name].fields if described(f) not in fixed]

    assert all(field.number > len(fixed) for field in new)


@pytest.mark.parametrize("service", RPCS)
def test_a_fixed_rpc_keeps_its_request_and_its_answer(service: str) -> None:
    package = service.rpartition(".")[0]
    answers = {}
    for name in RPCS[service]:
        method = services()[service].methods_by_name[name]
        assert method.input_type.full_name == f"{package}.{name}Request"
        assert (method.client_streaming, method.server_streaming) == (False, False)
        answers[name] = method.output_type.full_name

    assert answers == RPCS[service]


def test_number_9_of_user_is_never_given_again() -> None:
    user = DescriptorProto()
    user_pb2.User.DESCRIPTOR.CopyToProto(user)

    assert [(span.start, span.end) for span in user.reserved_range] == [(9, 10)]


@pytest.mark.parametrize(
    "answer",
    [
        notification_pb2.ReadNotificationResponse(already_read=True, unread=3),
        notification_pb2.RemoveNotificationResponse(unread=3),
        notification_pb2.ReadAllUserNotificationsResponse(updated=7, unread=3),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_a_client_that_expects_empty_decodes_an_answer_with_fields(answer: Message) -> None:
    seen = Empty.FromString(answer.SerializeToString())

    assert seen.ListFields() == []


@pytest.mark.parametrize(
    "answer_class",
    [
        notification_pb2.ReadNotificationResponse,
        notification_pb2.RemoveNotificationResponse,
        notification_pb2.ReadAllUserNotificationsResponse,
    ],
)
def test_a_new_client_reads_empty_of_an_older_server_as_defaults(
    answer_class: type[Message],
) -> None:
    assert answer_class.FromString(Empty().SerializeToString()) == answer_class()
