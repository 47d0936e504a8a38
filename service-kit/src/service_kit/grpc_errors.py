"""Errors over gRPC: kind to status and back; code, violations, retry time in the details."""

from collections.abc import Mapping
from typing import Final

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from service_kit import errors
from service_kit.errors import AppError, FieldViolation

DOMAIN: Final = "pinstack"

STATUS_OF: Final[Mapping[type[AppError], grpc.StatusCode]] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Internal: grpc.StatusCode.INTERNAL,
}

KIND_OF: Final[Mapping[grpc.StatusCode, type[AppError]]] = {
    **{status: kind for kind, status in STATUS_OF.items()},
    grpc.StatusCode.CANCELLED: errors.Unavailable,
    grpc.StatusCode.UNKNOWN: errors.Internal,
    grpc.StatusCode.ABORTED: errors.Unavailable,
    grpc.StatusCode.OUT_OF_RANGE: errors.InvalidArgument,
    grpc.StatusCode.UNIMPLEMENTED: errors.Internal,
    grpc.StatusCode.DATA_LOSS: errors.Internal,
}

_SAID_BY_GRPC: Final = {grpc.StatusCode.RESOURCE_EXHAUSTED: errors.Unavailable}
"""What a status means where gRPC itself gives it: a server at its limit of calls."""

_MOST_BYTES: Final = 4096
"""Of violations in one answer: a client takes 8 KiB of trailers, base64 included, and of a longer
answer learns neither its code nor anything else."""


def encode(error: AppError) -> grpc.Status:
    """What a server answers: `google.rpc.Status` with `ErrorInfo`, `BadRequest` and `RetryInfo`."""
    status = STATUS_OF[errors.kind_of(error)]
    rich = status_pb2.Status(code=_number(status), message=error.message)
    rich.details.append(_packed(error_details_pb2.ErrorInfo(reason=error.code, domain=DOMAIN)))
    if error.violations:
        rich.details.append(_packed(_bad_request(error.violations)))
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(error.retry_after * 1e9))
        rich.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return rpc_status.to_status(rich)


def decode(error: grpc.aio.AioRpcError) -> AppError:
    """What a client raises: the error that the server encoded, or the nearest kind without one."""
    rich = rpc_status.from_call(error)  # type: ignore[arg-type]  # AioRpcError has what it reads
    code = error.code()
    if rich is None:
        return _SAID_BY_GRPC.get(code, KIND_OF[code])()
    info, bad, retry = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
    )
    for detail in rich.details:
        for message in (info, bad, retry):
            detail.Unpack(message)
    return KIND_OF[code](
        rich.message,
        code=info.reason or None,
        violations=[FieldViolation(item.field, item.description) for item in bad.field_violations],
        retry_after=retry.retry_delay.ToNanoseconds() / 1e9
        if retry.HasField("retry_delay")
        else None,
    )


def _number(status: grpc.StatusCode) -> "code_pb2.Code.ValueType":
    return code_pb2.Code.Value(status.name)


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _bad_request(violations: tuple[FieldViolation, ...]) -> error_details_pb2.BadRequest:
    told, size = error_details_pb2.BadRequest(), 0
    for item in violations:
        one = error_details_pb2.BadRequest.FieldViolation(field=item.field, description=item.issue)
        size += one.ByteSize()
        if size > _MOST_BYTES:
            break
        told.field_violations.append(one)
    return told
