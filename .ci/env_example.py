"""Writes .env.example from the settings of every service; `--check` fails where it differs."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / ".env.example"
SERVICES = {
    "api-gateway": "api_gateway",
    "user-service": "user_service",
    "auth-service": "auth_service",
    "post-service": "post_service",
    "relation-service": "relation_service",
    "notification-service": "notification_service",
}
LOCAL_STACK = ROOT / "infra" / "local" / "environment.txt"
HEADER = """\
# Every variable that Pinstack reads, with its default and meaning. Generated: make env-example.
# One without a value has no default and must be set; the local stack sets those by itself.
"""


def main() -> int:
    """Write the file, or compare it; returns the exit code."""
    text = HEADER + "".join(sections())
    if "--check" not in sys.argv:
        TARGET.write_text(text)
        return 0
    if TARGET.read_text() == text:
        return 0
    print(".env.example is out of date: run `make env-example`", file=sys.stderr)
    return 1


def sections() -> Iterator[str]:
    """The lines of each settings class, once; services in the order of the table above."""
    seen: set[str] = set()
    for service, package in SERVICES.items():
        settings = importlib.import_module(f"{package}.config").Settings
        yield from section(f"{service}: {first_line(settings)}", settings, seen)
    yield "\n" + LOCAL_STACK.read_text() if LOCAL_STACK.exists() else ""


def section(title: str, settings: type[BaseSettings], seen: set[str]) -> Iterator[str]:
    """A settings class and the sections within it."""
    lines = []
    nested = []
    for name, field in settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings):
            nested.append(field.annotation)
            continue
        variable = f"{settings.model_config.get('env_prefix', '')}{name}".upper()
        if variable not in seen:
            seen.add(variable)
            lines.append(f"# {field.description}\n{variable}={value(field)}\n")
    if lines:
        yield f"\n# --- {title}\n" + "".join(lines)
    for inner in nested:
        yield from section(first_line(inner), inner, seen)


def value(field: FieldInfo) -> str:
    """The default as it stands in an environment; empty where there is none."""
    default = field.get_default(call_default_factory=True)
    if field.is_required() or default is None:
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple | list | frozenset):
        return ",".join(map(str, default))
    return str(default)


def first_line(settings: type[BaseSettings]) -> str:
    """What a settings class says of itself."""
    return (settings.__doc__ or "").strip().partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
