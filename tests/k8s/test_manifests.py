"""What is rendered is valid for two versions of Kubernetes, and nothing in it points at nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import kubernetes_validate
import pytest

from tests.k8s.rendering import Manifest, pod_template, workloads

VERSIONS = ("1.34", "1.37")
OPERATORS = {
    ("postgresql.cnpg.io/v1", "Cluster"),
    ("postgresql.cnpg.io/v1", "ScheduledBackup"),
    ("external-secrets.io/v1", "ExternalSecret"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
}
"""Resources of operators: kubernetes-validate has no schema of theirs."""
MADE_ELSEWHERE = {"gateway-tls"}
"""Secrets that the cluster's own tools make: the certificate."""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid(overlay: list[Manifest], version: str) -> None:
    unknown = set()
    for manifest in overlay:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add((manifest["apiVersion"], manifest["kind"]))
    assert unknown <= OPERATORS


def test_everything_is_there_once_and_in_the_namespace(overlay: list[Manifest]) -> None:
    assert max(Counter((m["kind"], m["metadata"]["name"]) for m in overlay).values()) == 1
    outside = [m for m in overlay if m["metadata"].get("namespace") != "softfactory"]
    assert [m["kind"] for m in outside] == ["Namespace"]


def test_what_a_pod_reads_exists(overlay: list[Manifest]) -> None:
    there = {(m["kind"], m["metadata"]["name"]) for m in overlay}
    secrets = {name for kind, name in there if kind in ("Secret", "ExternalSecret")} | MADE_ELSEWHERE
    secrets |= {f"{name}-app" for kind, name in there if kind == "Cluster"}
    for manifest, spec in workloads(overlay):
        where = manifest["metadata"]["name"]
        assert ("ServiceAccount", spec["serviceAccountName"]) in there or where == "gateway-redis", where
        for kind, name in _reads(spec):
            known = name in secrets if kind == "Secret" else (kind, name) in there
            assert known, f"{where} reads {kind} {name}"


def _reads(spec: Manifest) -> set[tuple[str, str]]:
    found = set()
    for container in spec["containers"]:
        for source in container.get("envFrom", []):
            found |= {("ConfigMap", source["configMapRef"]["name"])} if "configMapRef" in source else set()
            found |= {("Secret", source["secretRef"]["name"])} if "secretRef" in source else set()
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            found |= {("Secret", reference["name"])} if reference else set()
    for volume in spec.get("volumes", []):
        found |= {("ConfigMap", volume["configMap"]["name"])} if "configMap" in volume else set()
        found |= {("Secret", volume["secret"]["secretName"])} if "secret" in volume else set()
    return found


def test_every_selector_finds_pods_of_one_workload(overlay: list[Manifest]) -> None:
    labels = {
        (m["kind"], m["metadata"]["name"]): template["metadata"]["labels"]
        for m in overlay
        if (template := pod_template(m))
    }
    for manifest in overlay:
        selector = _selector(manifest)
        if selector is None:
            continue
        found = {name for (_, name), own in labels.items() if selector.items() <= own.items()}
        stable = {name.removesuffix("-canary") for name in found}
        assert len(stable) == 1, f"{manifest['kind']} {manifest['metadata']['name']} selects {sorted(found)}"


def _selector(manifest: Manifest) -> dict[str, Any] | None:
    if manifest["kind"] == "Service":
        return dict(manifest["spec"]["selector"])
    if manifest["kind"] in ("PodDisruptionBudget", "Deployment", "StatefulSet"):
        return dict(manifest["spec"]["selector"]["matchLabels"])
    return None


def test_a_service_leads_to_a_port_that_its_pods_have(overlay: list[Manifest]) -> None:
    for service in (m for m in overlay if m["kind"] == "Service"):
        selector = service["spec"]["selector"]
        (ports,) = {
            tuple((p["name"], p["containerPort"]) for p in template["spec"]["containers"][0]["ports"])
            for m in overlay
            if (template := pod_template(m)) and selector.items() <= template["metadata"]["labels"].items()
        }
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in dict(ports), service["metadata"]["name"]
            if service["spec"].get("clusterIP") == "None":  # DNS gives addresses only: no port is translated
                assert dict(ports)[port["targetPort"]] == port["port"]


def test_every_autoscaled_deployment_leaves_its_size_to_the_autoscaler(overlay: list[Manifest]) -> None:
    deployments = {m["metadata"]["name"]: m["spec"] for m in overlay if m["kind"] == "Deployment"}
    scaled = {m["spec"]["scaleTargetRef"]["name"] for m in overlay if m["kind"] == "HorizontalPodAutoscaler"}
    assert scaled == {name for name, spec in deployments.items() if "replicas" not in spec}


def test_two_pods_at_least_serve_in_production_and_a_budget_guards_them(prod: list[Manifest]) -> None:
    budgets = {m["metadata"]["name"] for m in prod if m["kind"] == "PodDisruptionBudget"}
    for scaler in (m for m in prod if m["kind"] == "HorizontalPodAutoscaler"):
        name = scaler["metadata"]["name"]
        assert scaler["spec"]["minReplicas"] >= 2, name
        assert name in budgets
