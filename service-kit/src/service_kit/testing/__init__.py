"""A pytest plugin for every package: real servers, doubles of the chassis, and the purity test.

Load it with `pytest_plugins = ["service_kit.testing"]`; the rest is imported by name.
PYTEST_DONT_REWRITE: a conftest imports from here before pytest loads it as a plugin.
"""

from pinstack_local.ports import free_port
from service_kit.testing.brokers import kafka_bootstrap, real_kafka_bootstrap
from service_kit.testing.databases import MakeDatabase, make_database, postgres_server_url
from service_kit.testing.purity import assert_pure
from service_kit.testing.redis import redis_server_url, redis_url
from service_kit.testing.topic import InMemoryTopic
from service_kit.testing.waiting import eventually

__all__ = [
    "InMemoryTopic",
    "MakeDatabase",
    "assert_pure",
    "eventually",
    "free_port",
    "kafka_bootstrap",
    "make_database",
    "postgres_server_url",
    "real_kafka_bootstrap",
    "redis_server_url",
    "redis_url",
]
