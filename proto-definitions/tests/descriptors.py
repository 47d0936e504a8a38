"""The contracts as their descriptors tell them."""

from collections.abc import Iterator

from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    FileDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.events.v1 import (
    media_events_pb2,
    notification_events_pb2,
    post_events_pb2,
    relation_events_pb2,
    user_events_pb2,
)
from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.post.v1 import media_pb2, post_pb2
from pinstack_proto.relation.v1 import relation_pb2
from pinstack_proto.user.v1 import user_pb2

EVENT_FILES: tuple[FileDescriptor, ...] = (
    media_events_pb2.DESCRIPTOR,
    notification_events_pb2.DESCRIPTOR,
    post_events_pb2.DESCRIPTOR,
    relation_events_pb2.DESCRIPTOR,
    user_events_pb2.DESCRIPTOR,
)
SERVICE_FILES: tuple[FileDescriptor, ...] = (
    auth_pb2.DESCRIPTOR,
    notification_pb2.DESCRIPTOR,
    media_pb2.DESCRIPTOR,
    post_pb2.DESCRIPTOR,
    relation_pb2.DESCRIPTOR,
    user_pb2.DESCRIPTOR,
)

_TYPES = {
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_STRING: "string",
}


def messages(files: tuple[FileDescriptor, ...]) -> dict[str, Descriptor]:
    """Top-level messages by full name."""
    return {
        message.full_name: message
        for file in files
        for message in file.message_types_by_name.values()
    }


def services() -> dict[str, ServiceDescriptor]:
    """Services by full name."""
    return {
        service.full_name: service
        for file in SERVICE_FILES
        for service in file.services_by_name.values()
    }


def methods() -> Iterator[MethodDescriptor]:
    """Every RPC of every service."""
    for service in services().values():
        yield from service.methods


def described(field: FieldDescriptor) -> str:
    """A field as it stands in a .proto file: `optional string bio = 5`."""
    kind = field.message_type.full_name if field.message_type else _TYPES[field.type]
    if field.is_repeated:
        return f"repeated {kind} {field.name} = {field.number}"
    optional = field.has_presence and field.message_type is None
    return f"{'optional ' if optional else ''}{kind} {field.name} = {field.number}"
