"""Processes beside those of a running platform: a gateway with other settings, say."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from pinstack_local import environment, ports
from pinstack_local.catalogue import GATEWAY, SERVICES, ServiceSpec
from pinstack_local.layout import Instance
from pinstack_local.services import ServiceProcess
from pinstack_local.stack import Stack

AUTH: Final = next(spec for spec in SERVICES if spec.name == "auth-service")


@contextmanager
def beside(stack: Stack, spec: ServiceSpec, name: str, **settings: str) -> Iterator[Instance]:
    """One more process of a service while the block runs, with settings of its own."""
    port, admin_port = ports.free_ports(2)
    host = stack.settings.reachable_host
    instance = Instance(spec, f"{spec.name}-{name}", host, port, admin_port)

    def given(_: Instance) -> Mapping[str, str]:
        return _environment(stack, instance) | settings

    with ServiceProcess(instance, given, stack.logs, folder=stack.settings.root):
        yield instance


@contextmanager
def gateway(stack: Stack, name: str, **settings: str) -> Iterator[str]:
    """The address of one more gateway."""
    with beside(stack, GATEWAY, name, **settings) as instance:
        yield f"http://{instance.address}"


def _environment(stack: Stack, instance: Instance) -> dict[str, str]:
    addresses = stack.addresses()
    known = os.environ | addresses
    return {
        **known,
        **environment.shared_variables(
            stack.layout, addresses["REDIS_URL"], addresses["KAFKA_BOOTSTRAP_SERVERS"], known
        ),
        instance.spec.port_variable: str(instance.port),
        instance.spec.admin_port_variable: str(instance.admin_port),
        **stack.settings.environment,
    }
