"""Writes the Dockerfiles from their template, and what Prometheus scrapes in Compose; `--check`s."""

import sys
from collections.abc import Iterator
from pathlib import Path

from pinstack_local.catalogue import SERVICES
from templates import rendered

ROOT = Path(__file__).resolve().parents[1]
PROMETHEUS = ROOT / "monitoring" / "prometheus" / "prometheus.yml"
IN_COMPOSE = (
    "# Generated from monitoring/prometheus/prometheus.yml for Compose (make dockerfiles).\n"
)
TEMPLATE = ROOT / "infra" / "docker" / "Dockerfile.template"


def main() -> int:
    """Write the files, or compare them; returns the exit code."""
    stale = [path for path, text in files() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run `make dockerfiles`")
        return int(bool(stale))
    for path, text in files():
        path.write_text(text)
    return 0


def files() -> Iterator[tuple[Path, str]]:
    """Each generated file with what should stand in it."""
    yield ROOT / "infra" / "docker" / "prometheus.yml", IN_COMPOSE + scraped_by_name()
    for spec in SERVICES:
        yield ROOT / spec.name / "Dockerfile", rendered(TEMPLATE.read_text(), spec)


def scraped_by_name() -> str:
    """The configuration for this machine, with the names that containers have for each other."""
    lines = [one for one in PROMETHEUS.read_text().splitlines() if not one.startswith("#")]
    text = "\n".join(lines) + "\n"
    for spec in SERVICES:
        text = text.replace(f"127.0.0.1:{spec.admin_port}", f"{spec.name}:{spec.admin_port}")
    return text.replace("127.0.0.1:9093", "alertmanager:9093")


if __name__ == "__main__":
    sys.exit(main())
