"""What watches a cluster: all is scraped under the names of the rules; rules and receivers are those of monitoring/."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
import yaml

from monitoring import RULES, kubernetes
from monitoring.dashboards import GENERATED
from monitoring.tests.panels import panels
from stack.services import NAMES
from tests.k8s.rendering import ROOT, Manifest, manifests, one, pod_template, render_monitoring
from tests.k8s.test_manifests import VERSIONS
from tests.k8s.test_network import namespace, pods, selects

OPERATORS = {
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig"),
    ("external-secrets.io/v1", "ExternalSecret"),
}
ANNOTATION_LIMIT = 262_144
"""`kubectl apply` keeps a copy of what it applied in an annotation, which may not be larger."""
CNPG_POD = {"cnpg.io/podRole": "instance"}


@pytest.fixture(scope="module")
def watching() -> list[Manifest]:
    return manifests(render_monitoring())


@pytest.mark.parametrize("version", VERSIONS)
def test_what_watches_is_valid_and_in_its_namespace(watching: list[Manifest], version: str) -> None:
    unknown = set()
    for manifest in watching:
        assert manifest["metadata"]["namespace"] == "monitoring"
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add((manifest["apiVersion"], manifest["kind"]))
    assert unknown == OPERATORS


def test_the_committed_manifests_are_what_the_rules_and_receivers_say() -> None:
    for name, text in kubernetes.rendered().items():
        committed = (kubernetes.FOLDER / name).read_text()
        assert committed == text, f"{name} is older: make monitoring-manifests"


def test_a_cluster_has_the_rules_of_every_file(watching: list[Manifest]) -> None:
    groups = {
        group["name"]: group for group in one(watching, "PrometheusRule", "softfactory")["spec"]["groups"]
    }
    written = [group for path in RULES.glob("*.yml") for group in yaml.safe_load(path.read_text())["groups"]]
    assert groups == {group["name"]: group for group in written}


def test_receivers_have_their_keys_from_a_secret_that_there_is(watching: list[Manifest]) -> None:
    spec = one(watching, "AlertmanagerConfig", "softfactory")["spec"]
    secret = one(watching, "ExternalSecret", "alerting")["spec"]["data"]
    assert [receiver["name"] for receiver in spec["receivers"]] == ["pages", "tickets"]
    read = {(found["name"], found["key"]) for found in _references(spec["receivers"])}
    assert read == {("alerting", entry["secretKey"]) for entry in secret}


def _references(value: Any) -> list[dict[str, str]]:
    """Every {name, key} within."""
    if isinstance(value, dict):
        if value.keys() == {"name", "key"}:
            return [value]
        value = list(value.values())
    return [found for inner in value for found in _references(inner)] if isinstance(value, list) else []


def test_grafana_finds_every_dashboard(watching: list[Manifest]) -> None:
    shown = {
        name: text
        for m in watching
        if m["kind"] == "ConfigMap" and m["metadata"]["labels"].get("grafana_dashboard") == "1"
        for name, text in m["data"].items()
    }
    assert shown == {path.name: path.read_text() for path in GENERATED.glob("*.json")}
    assert {name.removesuffix(".json") for name in shown} == {panel.dashboard for panel in panels()}
    assert all(len(text.encode()) < ANNOTATION_LIMIT for text in shown.values())


def test_the_collector_runs_with_the_project_s_configuration(watching: list[Manifest]) -> None:
    pod = one(watching, "Deployment", "otel-collector")["spec"]["template"]["spec"]
    (volume,) = pod["volumes"]
    config = one(watching, "ConfigMap", volume["configMap"]["name"])["data"]["config.yaml"]
    assert config == (ROOT / "monitoring" / "otel-collector.yaml").read_text()
    (container,) = pod["containers"]
    assert {"TRACES_BACKEND"} == {variable["name"] for variable in container["env"]}
    ports = {port["containerPort"] for port in container["ports"]}
    assert {int(_port(yaml.safe_load(config)["receivers"]["otlp"]["protocols"]["http"])), 13133} == ports


def _port(listening: Manifest) -> str:
    return str(listening["endpoint"]).rpartition(":")[2]


def test_spans_reach_the_collector_where_the_services_send_them(
    prod: list[Manifest], watching: list[Manifest]
) -> None:
    sent = one(prod, "ConfigMap", "settings")["data"]["OTLP_ENDPOINT"]
    service = one(watching, "Service", "otel-collector")
    (port,) = service["spec"]["ports"]
    assert sent == f"http://{service['metadata']['name']}.{service['metadata']['namespace']}:{port['port']}"
    template = pod_template(one(watching, "Deployment", "otel-collector"))
    assert template
    for manifest in (service, one(watching, "NetworkPolicy", "otel-collector")):
        selector = manifest["spec"].get("selector") or manifest["spec"]["podSelector"]["matchLabels"]
        assert selector.items() <= template["metadata"]["labels"].items()
    (rule,) = one(watching, "NetworkPolicy", "otel-collector")["spec"]["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": namespace("softfactory")}}]
    assert rule["ports"] == [{"port": port["port"]}]


def test_everything_is_scraped_under_the_names_of_the_rules(prod: list[Manifest]) -> None:
    everyone = {
        name: labels | (CNPG_POD if "cnpg.io/cluster" in labels else {})
        for name, labels in pods(prod).items()
    }
    scraped = dict[str, set[str]]()
    for monitor in (m for m in prod if m["kind"] == "PodMonitor"):
        for name, labels in everyone.items():
            if selects(monitor["spec"]["selector"], labels):
                for endpoint in monitor["spec"]["podMetricsEndpoints"]:
                    scraped.setdefault(name, set()).update(r["targetLabel"] for r in endpoint["relabelings"])
    idle = {"gateway-redis", *(f"{name}-migrate" for name in NAMES)}
    assert scraped.keys() == everyone.keys() - idle
    assert {name for name, labels in scraped.items() if "component" not in labels} == set()
    assert {name for name, labels in scraped.items() if "service" not in labels} == {"redis"}


def test_a_monitor_asks_at_a_port_that_a_pod_has_and_monitoring_may_reach(prod: list[Manifest]) -> None:
    for monitor in (m for m in prod if m["kind"] == "PodMonitor" and m["metadata"]["name"] != "databases"):
        templates = [t for m in prod if (t := pod_template(m))]
        found = [t for t in templates if selects(monitor["spec"]["selector"], t["metadata"]["labels"])]
        for template in found:
            ports = {
                p["name"]: p["containerPort"] for c in template["spec"]["containers"] for p in c["ports"]
            }
            asked = {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]} & ports.keys()
            assert asked, monitor["metadata"]["name"]
            assert {ports[name] for name in asked} <= _open_to_monitoring(
                prod, template["metadata"]["labels"]
            )


def _open_to_monitoring(prod: list[Manifest], labels: dict[str, str]) -> set[int]:
    return {
        port["port"]
        for policy in (m["spec"] for m in prod if m["kind"] == "NetworkPolicy")
        if selects(policy["podSelector"], labels)
        for rule in policy.get("ingress", [])
        if {"namespaceSelector": {"matchLabels": namespace("monitoring")}} in rule.get("from", [])
        for port in rule["ports"]
    }
