"""What each process of a stack finds in its environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pinstack_local.layout import Instance, Layout
from pinstack_local.ports import LOOPBACK

FEWER_GRPC_THREADS: Final = "-event_engine_client,-event_engine_listener"
"""gRPC's event engine hands each packet from thread to thread: a unary call switches five times
instead of twice. gRPC reads this when its library is loaded, so that no service can set it itself;
images set the same."""
ONE_ARENA: Final = "1"
"""glibc gives threads arenas of their own, and keeps what they once held: the 19 MiB of a password
for each thread that hashes. One arena gives them back. Images set the same."""


def peer_addresses(layout: Layout) -> dict[str, str]:
    """Return USER_GRPC_ADDRESS and so on: `host:port`, comma-separated for replicas."""
    addresses: dict[str, list[str]] = {}
    for instance in layout.instances:
        if instance.spec.database is not None:
            addresses.setdefault(instance.spec.address_variable, []).append(instance.address)
    return {variable: ",".join(found) for variable, found in addresses.items()}


def database_urls(layout: Layout, secrets: Mapping[str, str]) -> dict[str, str]:
    """Return USER_DATABASE_URL and so on."""
    return {
        spec.database_variable: database_url(
            spec.database, secrets[spec.database], layout.postgres_port
        )
        for spec in {instance.spec for instance in layout.instances}
        if spec.database is not None
    }


def database_url(database: str, secret: str, port: int) -> str:
    """Return the URL with which a service reaches its database, as the role of the same name."""
    return f"postgresql://{database}:{quote(secret, safe='')}@{LOOPBACK}:{port}/{database}"


def own_variables(
    instance: Instance, layout: Layout, secrets: Mapping[str, str], inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return what only this process is told: its ports, its database, its secrets.

    A secret that the person at the terminal has set stays as it is.
    """
    spec = instance.spec
    own = {
        spec.port_variable: str(instance.port),
        spec.admin_port_variable: str(instance.admin_port),
    }
    if spec.database is not None:
        own[spec.database_variable] = database_urls(layout, secrets)[spec.database_variable]
    return own | {name: inherited.get(name) or secrets[name] for name in spec.secrets}


def media_variables(
    gateway_url: str, data_dir: Path, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return where uploads are kept, and what clients put before their keys.

    What the person at the terminal has set stays as it is.
    """
    own = {
        "POST_MEDIA_STORE": (data_dir.absolute() / "media").as_uri(),
        "POST_MEDIA_URL": f"{gateway_url}/media",
    }
    return {name: inherited.get(name) or value for name, value in own.items()}


def shared_variables(
    layout: Layout, redis_url: str, bootstrap_servers: str, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return what every process is told: where Redis, the broker and the other services are."""
    brokers = bootstrap_servers.count(",") + 1
    return {
        "REDIS_URL": redis_url,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "KAFKA_TOPIC_REPLICATION": inherited.get("KAFKA_TOPIC_REPLICATION") or str(min(3, brokers)),
        "PYTHONUNBUFFERED": "1",
        "GRPC_EXPERIMENTS": inherited.get("GRPC_EXPERIMENTS") or FEWER_GRPC_THREADS,
        "MALLOC_ARENA_MAX": inherited.get("MALLOC_ARENA_MAX") or ONE_ARENA,
        **peer_addresses(layout),
    }
