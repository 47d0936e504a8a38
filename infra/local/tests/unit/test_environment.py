"""Each process finds what it needs in its environment, and no more secrets than that."""

from pathlib import Path

from pinstack_local import environment
from pinstack_local.layout import Layout

from tests.builders import stack_settings, stand_in_gateway, stand_in_service

TEMPLATE = Path(__file__).parents[3] / "docker" / "Dockerfile.template"
SECRETS = {
    "user_service": "p@ss/word",
    "auth_service": "other",
    "USER_KEY_SECRET": "generated",
    "AUTH_KEY_SECRET": "generated too",
    "GATEWAY_CURSOR_SECRET": "cursor",
}


def build_layout(folder: Path, **changes: object) -> Layout:
    services = (stand_in_service("user"), stand_in_service("auth"), stand_in_gateway())
    return Layout(stack_settings(folder, services=services, **changes))


def test_replicas_are_one_address_variable_separated_by_commas(tmp_path: Path) -> None:
    layout = build_layout(tmp_path, replicas={"user-service": 2})
    first, second, auth, _gateway = layout.instances
    assert environment.peer_addresses(layout) == {
        "USER_GRPC_ADDRESS": f"127.0.0.1:{first.port},127.0.0.1:{second.port}",
        "AUTH_GRPC_ADDRESS": f"127.0.0.1:{auth.port}",
    }


def test_a_password_is_quoted_in_the_url_of_the_database(tmp_path: Path) -> None:
    layout = build_layout(tmp_path)
    urls = environment.database_urls(layout, SECRETS)
    assert urls["USER_DATABASE_URL"] == (
        f"postgresql://user_service:p%40ss%2Fword@127.0.0.1:{layout.postgres_port}/user_service"
    )


def test_a_service_is_told_its_own_ports_database_and_secrets_only(tmp_path: Path) -> None:
    layout = build_layout(tmp_path)
    user = layout.instances[0]
    assert environment.own_variables(user, layout, SECRETS, {}) == {
        "USER_GRPC_PORT": str(user.port),
        "USER_ADMIN_PORT": str(user.admin_port),
        "USER_DATABASE_URL": environment.database_urls(layout, SECRETS)["USER_DATABASE_URL"],
        "USER_KEY_SECRET": "generated",
    }


def test_the_gateway_has_no_database(tmp_path: Path) -> None:
    layout = build_layout(tmp_path)
    gateway = layout.instances[-1]
    assert environment.own_variables(gateway, layout, SECRETS, {}) == {
        "GATEWAY_PORT": str(gateway.port),
        "GATEWAY_ADMIN_PORT": str(gateway.admin_port),
        "GATEWAY_CURSOR_SECRET": "cursor",
    }


def test_a_secret_from_the_terminal_wins_over_the_generated_one(tmp_path: Path) -> None:
    layout = build_layout(tmp_path)
    inherited = {"USER_KEY_SECRET": "mine"}
    own = environment.own_variables(layout.instances[0], layout, SECRETS, inherited)
    assert own["USER_KEY_SECRET"] == "mine"


def test_how_a_process_uses_threads_and_memory_is_as_in_images(tmp_path: Path) -> None:
    shared = environment.shared_variables(build_layout(tmp_path), "redis://r", "h:1", {})
    of_images = TEMPLATE.read_text()
    for name in ("GRPC_EXPERIMENTS", "MALLOC_ARENA_MAX"):
        assert f"{name}={shared[name]} " in of_images
        told = environment.shared_variables(
            build_layout(tmp_path), "redis://r", "h:1", {name: "mine"}
        )
        assert told[name] == "mine"


def test_topics_are_replicated_as_far_as_there_are_brokers(tmp_path: Path) -> None:
    layout = build_layout(tmp_path)
    one = environment.shared_variables(layout, "redis://r", "h:1", {})
    four = environment.shared_variables(layout, "redis://r", "h:1,h:2,h:3,h:4", {})
    told = environment.shared_variables(
        layout, "redis://r", "h:1", {"KAFKA_TOPIC_REPLICATION": "2"}
    )
    assert one["KAFKA_TOPIC_REPLICATION"] == "1"
    assert four["KAFKA_TOPIC_REPLICATION"] == "3"
    assert told["KAFKA_TOPIC_REPLICATION"] == "2"
    assert (one["REDIS_URL"], one["KAFKA_BOOTSTRAP_SERVERS"]) == ("redis://r", "h:1")
