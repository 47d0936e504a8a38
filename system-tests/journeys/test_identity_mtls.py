"""The services of this platform know each other by certificates, and nobody else gets in."""

from pathlib import Path
from typing import Final

import grpc
import pytest
from grpc_health.v1 import health_pb2
from pinstack_local import certificates
from pinstack_local.layout import Instance
from pinstack_local.stack import Stack

from journeys.people import Platform

CHECK: Final = "/grpc.health.v1.Health/Check"
SECONDS: Final = 5


def names(stack: Stack) -> list[Instance]:
    """Every process that serves gRPC."""
    return [each for each in stack.layout.instances if each.spec.database is not None]


def healthy(instance: Instance, credentials: grpc.ChannelCredentials | None) -> bool:
    """Whether a service answers who comes with these credentials (None: without TLS)."""
    address = instance.address
    opened = (
        grpc.insecure_channel(address)
        if credentials is None
        else grpc.secure_channel(address, credentials)
    )
    with opened as channel:
        check = channel.unary_unary(
            CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        answer = check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def credentials_of(folder: Path, authority: Path, name: str | None) -> grpc.ChannelCredentials:
    """Those of a name in a folder, or of nobody, for services that `authority` has signed."""
    root = (authority / "ca.pem").read_bytes()
    if name is None:
        return grpc.ssl_channel_credentials(root)
    key, certificate = (folder / f"{name}{end}" for end in (".key", ".pem"))
    return grpc.ssl_channel_credentials(root, key.read_bytes(), certificate.read_bytes())


@pytest.fixture(scope="module")
def own(stack: Stack) -> Path:
    """The folder with the platform's certificates."""
    return stack.settings.certificates


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of the same names, from somebody else."""
    folder = tmp_path_factory.mktemp("foreign")
    certificates.ensure(folder, ["api-gateway", "operator"], ["127.0.0.1"])
    return folder


async def test_everything_works_between_services_that_know_each_other(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    async with platform.phone(ada) as phone:
        await grace.follow(ada)
        told = await phone.notification("follow_created")
    assert told["payload"]["follower_id"] == grace.id
    assert await platform.works()


def test_each_service_answers_who_has_a_certificate(stack: Stack, own: Path) -> None:
    for instance in names(stack):
        assert healthy(instance, credentials_of(own, own, "operator"))


@pytest.mark.parametrize("caller", ["without TLS", "without a certificate", "of a foreign CA"])
def test_nobody_else_gets_in(stack: Stack, own: Path, strangers: Path, caller: str) -> None:
    credentials = {
        "without TLS": None,
        "without a certificate": credentials_of(own, own, None),
        "of a foreign CA": credentials_of(strangers, own, "api-gateway"),
    }[caller]
    for instance in names(stack):
        with pytest.raises(grpc.RpcError) as refused:
            healthy(instance, credentials)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_service_of_a_foreign_authority_is_not_believed(
    stack: Stack, own: Path, strangers: Path
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        healthy(names(stack)[0], credentials_of(own, strangers, "operator"))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
