"""What Prometheus scrapes is what the platform serves."""

import yaml
from pinstack_local.catalogue import SERVICES

from tests.catalogue import MONITORING


def test_prometheus_scrapes_the_admin_port_of_every_service_under_its_name() -> None:
    config = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    targets = jobs["pinstack"]["static_configs"]
    assert {one["labels"]["app"]: one["targets"] for one in targets} == {
        spec.name: [f"127.0.0.1:{spec.admin_port}"] for spec in SERVICES
    }
    assert all(one["labels"]["service"] == one["labels"]["app"] for one in targets)
    assert jobs["pinstack"]["honor_labels"], "a metric says better than its place whom it is about"
