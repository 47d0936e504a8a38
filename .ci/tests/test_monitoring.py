"""What Prometheus scrapes is what the platform serves."""

from pathlib import Path

import yaml
from pinstack_local.catalogue import SERVICES

ROOT = Path(__file__).resolve().parents[2]


def test_prometheus_scrapes_the_admin_port_of_every_service_under_its_name() -> None:
    config = yaml.safe_load((ROOT / "monitoring" / "prometheus" / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    scraped = {target["labels"]["service"]: target["targets"] for target in job["static_configs"]}
    assert scraped == {spec.name: [f"127.0.0.1:{spec.admin_port}"] for spec in SERVICES}
