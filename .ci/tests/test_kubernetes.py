"""The cluster: what operations.md asks of it, and that its NetworkPolicies are the arrows."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pinstack_local.catalogue import SERVICES, ServiceSpec
from pinstack_local.services import STOP_MARGIN
from pydantic_settings import BaseSettings

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "infra" / "kubernetes"
TABLE: dict[str, list[str]] = yaml.safe_load((ROOT / "infra" / "arrows.yaml").read_text())
OUTSIDE = "object-store"
ARROWS = {name: [to for to in targets if to != OUTSIDE] for name, targets in TABLE.items()}
MIGRATIONS = {
    f"{spec.prefix.lower()}-migrate": [f"{spec.prefix.lower()}-db"]
    for spec in SERVICES
    if spec.database
}
PORTS = {spec.name: spec.port for spec in SERVICES} | {"redis": 6379, "kafka": 9092}
every_service = pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
Document = dict[str, Any]


def test_what_is_generated_is_what_its_templates_say() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "kubernetes.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout


def test_nothing_is_allowed_that_no_policy_names() -> None:
    (deny,) = (one for one in policies() if one["metadata"]["name"] == "deny-all")
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_what_may_go_out_is_exactly_the_arrows() -> None:
    allowed = {
        source: sorted(
            target
            for one in policies()
            if name_of(one["spec"]["podSelector"]) == source
            for rule in one["spec"].get("egress", [])
            for target in {name_of(peer["podSelector"]) for peer in rule["to"]}
        )
        for source in {**ARROWS, **MIGRATIONS}
    }
    assert allowed == {name: sorted(to) for name, to in {**ARROWS, **MIGRATIONS}.items()}


def test_what_may_come_in_is_exactly_the_arrows() -> None:
    allowed = {
        (name_of(peer["podSelector"]), target, port["port"])
        for one in policies()
        if (target := name_of(one["spec"]["podSelector"]))
        for rule in one["spec"].get("ingress", [])
        for peer in rule["from"]
        if "podSelector" in peer
        for port in rule["ports"]
    }
    assert allowed == {
        (source, target, PORTS.get(target, 5432))
        for source, targets in {**ARROWS, **MIGRATIONS}.items()
        for target in targets
    }


def test_an_object_store_is_reached_by_those_alone_that_have_an_arrow_to_it() -> None:
    found = documents("components/media-s3/network.yaml")
    assert [name_of(one["spec"]["podSelector"]) for one in found] == [
        name for name, targets in TABLE.items() if OUTSIDE in targets
    ]
    (public, inside) = found[0]["spec"]["egress"]
    assert public["ports"] == [{"port": 443, "protocol": "TCP"}]
    assert "169.254.0.0/16" in public["to"][0]["ipBlock"]["except"], "keys of nodes are there"
    assert {name_of(peer["podSelector"]) for peer in inside["to"]} == {OUTSIDE}


def test_what_is_on_s3_needs_no_volume() -> None:
    (component,) = documents("components/media-s3/kustomization.yaml")
    patches = [one for each in component["patches"] for one in yaml.safe_load_all(each["patch"])]
    (claim,) = documents("base/media.yaml")
    gone = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "$patch": "delete"}
    assert {**gone, "metadata": claim["metadata"]} in patches


def test_beside_the_arrows_there_are_names_metrics_traces_and_clients_alone() -> None:
    beside = {
        one["metadata"]["name"]
        for one in policies()
        if not one["metadata"]["name"].startswith(("from-", "to-"))
    }
    assert beside == {"deny-all", "names", "metrics", "traces", "clients"}
    (metrics,) = (one for one in policies() if one["metadata"]["name"] == "metrics")
    opened = {port["port"] for port in metrics["spec"]["ingress"][0]["ports"]}
    assert opened == {spec.admin_port for spec in SERVICES}


@every_service
def test_a_pod_ends_after_its_drain_and_not_before(spec: ServiceSpec) -> None:
    pod = deployment(spec)["spec"]["template"]["spec"]
    waits = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = float(config()["DRAIN_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] >= waits + drain + STOP_MARGIN


@every_service
def test_a_pod_is_asked_on_its_admin_port(spec: ServiceSpec) -> None:
    (container,) = deployment(spec)["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    protocol = "grpc" if spec.database else "http"
    assert ports == {"admin": spec.admin_port, protocol: spec.port}
    probes = {
        name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")
    }
    assert {probe["port"] for probe in probes.values()} == {"admin"}
    assert probes["readiness"]["path"] == "/readyz"
    assert probes["liveness"]["path"] == "/livez", "a dependency that is away is no reason to die"


@every_service
def test_a_pod_has_no_rights_and_bounded_resources(spec: ServiceSpec) -> None:
    pod = deployment(spec)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}
    assert len(pod["topologySpreadConstraints"]) == 2


@every_service
def test_a_deployment_is_scaled_and_never_without_a_pod(spec: ServiceSpec) -> None:
    made = {one["kind"]: one.get("spec", {}) for one in documents(f"base/{spec.name}.yaml")}
    assert made["Deployment"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "replicas" not in made["Deployment"], "the autoscaler's number would be overwritten"
    assert made["HorizontalPodAutoscaler"]["scaleTargetRef"]["name"] == spec.name
    assert made["HorizontalPodAutoscaler"]["minReplicas"] >= 2
    assert made["PodDisruptionBudget"]["maxUnavailable"] == 1


@every_service
def test_every_setting_has_a_value_in_the_cluster_and_no_secret_is_written_down(
    spec: ServiceSpec,
) -> None:
    settings = importlib.import_module(f"{spec.command[-1]}.config").Settings
    required = set(required_by(settings))
    told = {spec.database_variable} if spec.database else set()
    assert required == told | set(spec.secrets)
    assert not required & config().keys()
    (container,) = deployment(spec)["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [
        {"configMapRef": {"name": "pinstack"}},
        {"secretRef": {"name": spec.name}},
    ]


def test_the_config_map_says_where_every_service_is() -> None:
    told = {name: value for name, value in config().items() if name.endswith("_GRPC_ADDRESS")}
    assert told == {
        spec.address_variable: f"{spec.name}:{spec.port}" for spec in SERVICES if spec.database
    }


def test_services_are_headless_so_that_clients_see_every_replica() -> None:
    for spec in SERVICES:
        (found,) = (one for one in documents(f"base/{spec.name}.yaml") if one["kind"] == "Service")
        assert (found["spec"]["clusterIP"] == "None") == bool(spec.database)


def test_a_websocket_may_be_quiet_for_an_hour() -> None:
    (ingress,) = documents("base/ingress.yaml")
    notes = ingress["metadata"]["annotations"]
    assert int(notes["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 3600
    assert notes["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"


def test_dev_has_all_secrets_and_they_differ_each_time() -> None:
    script = str(FOLDER / "dev-secrets")
    first, second = (subprocess.check_output([script], text=True) for _ in range(2))  # noqa: S603
    names = {one["metadata"]["name"] for one in yaml.safe_load_all(first) if one}
    assert names >= {spec.name for spec in SERVICES} | {
        f"{s.prefix.lower()}-db" for s in SERVICES if s.database
    }
    assert first != second


def test_a_cluster_that_does_not_answer_is_said_in_one_line_with_3(tmp_path: Path) -> None:
    (tmp_path / "kubectl").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "kubectl").chmod(0o755)
    done = subprocess.run(  # noqa: S603
        [str(FOLDER / "deploy"), "dev"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    assert done.returncode == 3
    assert "no Kubernetes cluster answers" in done.stderr


def documents(name: str) -> list[Document]:
    return [one for one in yaml.safe_load_all((FOLDER / name).read_text()) if one]


def policies() -> list[Document]:
    return documents("base/network.yaml")


def deployment(spec: ServiceSpec) -> Document:
    (found,) = (one for one in documents(f"base/{spec.name}.yaml") if one["kind"] == "Deployment")
    return found


def config() -> dict[str, str]:
    (found,) = documents("base/config.yaml")
    data: dict[str, str] = found["data"]
    return data


def name_of(selector: Document) -> str:
    """The pods that a selector means by name; empty for others."""
    return str(selector.get("matchLabels", {}).get("app.kubernetes.io/name", ""))


def required_by(settings: type[BaseSettings]) -> Iterator[str]:
    """The variables that have no default."""
    for name, field in settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings):
            yield from required_by(field.annotation)
        elif field.is_required():
            yield f"{settings.model_config.get('env_prefix', '')}{name}".upper()
