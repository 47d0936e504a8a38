"""What Prometheus scrapes is what the platform serves."""

import pytest
import yaml
from pinstack_local.catalogue import SERVICES
from pinstack_local.layout import Instance
from pinstack_local.monitoring import configuration

from tests.catalogue import MONITORING, ROOT


@pytest.mark.parametrize(
    ("file", "place"), [("prometheus.yml", "127.0.0.1"), ("compose.yml", "{name}")]
)
def test_prometheus_scrapes_the_admin_port_of_every_service_under_its_name(
    file: str, place: str
) -> None:
    config = yaml.safe_load((MONITORING / "prometheus" / file).read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    targets = jobs["pinstack"]["static_configs"]
    assert {one["labels"]["app"]: one["targets"] for one in targets} == {
        spec.name: [f"{place.format(name=spec.name)}:{spec.admin_port}"] for spec in SERVICES
    }
    assert all(one["labels"]["service"] == one["labels"]["app"] for one in targets)
    assert jobs["pinstack"]["honor_labels"], "a metric says better than its place whom it is about"
    assert {"prometheus", "alertmanager"} < jobs.keys()


def test_compose_mounts_what_is_here() -> None:
    services = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())["services"]
    mounted = [
        ROOT / "infra" / volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", [])
        if volume.startswith("../monitoring/")
    ]
    assert len(mounted) >= 8
    assert not [path for path in mounted if not path.exists()]
    said = " ".join(str(service.get("command", "")) for service in services.values())
    for file in ("prometheus/compose.yml", "loki/loki.yaml", "tempo/tempo.yaml"):
        assert f"/etc/{file}" in said
        assert (MONITORING / file).is_file()


def test_a_local_stack_tells_prometheus_the_same_with_its_own_ports() -> None:
    committed = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text())
    instances = [
        Instance(spec, spec.name, "127.0.0.1", spec.port, spec.admin_port) for spec in SERVICES
    ]
    told = configuration("rules/*.yml", instances, 9090, 9093)
    for job in (*committed["scrape_configs"], *told["scrape_configs"]):
        job["static_configs"].sort(key=str)
    assert told == committed
