"""What the environment says becomes settings, and nonsense is refused by name."""

from pathlib import Path

import pytest
from pinstack_local.errors import InvalidSetting
from pinstack_local.settings import StackSettings


def test_without_variables_the_ports_are_those_of_the_operations_page() -> None:
    settings = StackSettings.from_environment({})
    assert settings.ports == {
        "PINSTACK_POSTGRES_PORT": 15432,
        "PINSTACK_REDIS_PORT": 16379,
        "PINSTACK_KAFKA_PORT": 19092,
        **{"USER_GRPC_PORT": 50051, "USER_ADMIN_PORT": 8081},
        **{"AUTH_GRPC_PORT": 50052, "AUTH_ADMIN_PORT": 8082},
        **{"POST_GRPC_PORT": 50053, "POST_ADMIN_PORT": 8083},
        **{"RELATION_GRPC_PORT": 50054, "RELATION_ADMIN_PORT": 8085},
        **{"NOTIFICATION_GRPC_PORT": 50055, "NOTIFICATION_ADMIN_PORT": 8084},
        **{"GATEWAY_PORT": 8080, "GATEWAY_ADMIN_PORT": 8086},
    }
    assert settings.data_dir == Path.cwd() / ".data"
    assert (settings.broker, settings.restart) == ("embedded", True)


def test_variables_win_over_defaults() -> None:
    settings = StackSettings.from_environment(
        {
            "PINSTACK_DATA_DIR": "/somewhere",
            "GATEWAY_PORT": "9999",
            "BROKER": "kafka",
            "KAFKA_BROKERS": "3",
            "PINSTACK_RESTART": "no",
            "DRAIN_SECONDS": "2.5",
        }
    )
    assert settings.data_dir == Path("/somewhere")
    assert settings.ports["GATEWAY_PORT"] == 9999
    assert (settings.broker, settings.kafka_brokers) == ("kafka", 3)
    assert not settings.restart
    assert settings.drain_seconds == 2.5


def test_an_empty_variable_counts_as_not_set() -> None:
    assert StackSettings.from_environment({"GATEWAY_PORT": ""}).ports["GATEWAY_PORT"] == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "http"),
        ("GATEWAY_PORT", "70000"),
        ("PINSTACK_POSTGRES_PORT", "-1"),
        ("BROKER", "rabbit"),
        ("PINSTACK_RESTART", "perhaps"),
        ("DRAIN_SECONDS", "long"),
        ("KAFKA_BROKERS", "0"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name) as caught:
        StackSettings.from_environment({name: value})
    assert caught.value.exit_code == 2


def test_services_that_listen_everywhere_are_reached_on_loopback() -> None:
    settings = StackSettings.from_environment({"BIND_HOST": "0.0.0.0"})  # noqa: S104 -- as typed
    assert settings.reachable_host == "127.0.0.1"
