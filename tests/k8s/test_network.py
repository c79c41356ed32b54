"""Who may talk to whom: every pair of pods is held against the NetworkPolicies, as a cluster would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stack.services import NAMES
from tests.k8s.rendering import Manifest, pod_template

API, WORKER_HEALTH, POSTGRES, REDIS = 8000, 8001, 5432, 6379
Labels = dict[str, str]
Pods = dict[str, Labels]
PORTS = (API, WORKER_HEALTH, POSTGRES, REDIS, 8100, 443)


def pods(overlay: list[Manifest]) -> Pods:
    """Labels of every kind of pod by its workload's name, the databases' too."""
    found = {m["metadata"]["name"]: t["metadata"]["labels"] for m in overlay if (t := pod_template(m))}
    for cluster in (m for m in overlay if m["kind"] == "Cluster"):
        name = cluster["metadata"]["name"]
        found[name] = {"cnpg.io/cluster": name}
    return found


def expected() -> set[tuple[str, str, int]]:
    """(from, to, port) of everything that is meant."""
    apis = {name: (f"{name}-api", f"{name}-api-canary") for name in NAMES}
    pairs = {("gateway", "gateway-redis", REDIS)}
    for name in NAMES:
        processes = (*apis[name], f"{name}-worker")
        pairs |= {("gateway", api, API) for api in apis[name]}
        pairs |= {(process, "redis", REDIS) for process in processes}
        pairs |= {(process, f"{name}-db", POSTGRES) for process in (*processes, f"{name}-migrate")}
        pairs |= {(f"{name}-db", f"{name}-db", port) for port in (POSTGRES, API)}
        if name != "platform":
            pairs |= {(process, api, API) for process in processes for api in apis["platform"]}
    return pairs


def test_only_the_gateway_the_own_stores_and_declared_calls_pass(overlay: list[Manifest]) -> None:
    everyone = pods(overlay)
    policies = [m["spec"] for m in overlay if m["kind"] == "NetworkPolicy"]
    passing = {
        (source, target, port)
        for source, from_labels in everyone.items()
        for target, to_labels in everyone.items()
        for port in PORTS
        if may(policies, from_labels, to_labels, port)
    }
    assert passing - expected() == set()
    assert expected() - passing == set()


def test_who_may_reach_the_internet_and_never_the_cloud_s_metadata(overlay: list[Manifest]) -> None:
    reaching = set()
    for name, labels in pods(overlay).items():
        for rule in rules(overlay, labels, "egress"):
            for peer in rule.get("to", []):
                if "ipBlock" in peer:
                    assert rule["ports"] == [{"port": 443}]
                    assert {"169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(
                        peer["ipBlock"]["except"]
                    )
                    reaching.add(name)
    assert reaching == {f"{name}-{process}" for name in NAMES for process in ("api", "api-canary", "worker")}


def test_monitoring_may_read_metrics_and_nothing_else(overlay: list[Manifest]) -> None:
    for labels in pods(overlay).values():
        for rule in rules(overlay, labels, "ingress"):
            for peer in rule.get("from", []):
                if peer.get("namespaceSelector", {}).get("matchLabels") == namespace("monitoring"):
                    assert {port["port"] for port in rule["ports"]} <= {API, WORKER_HEALTH, 8100, 9187, 9121}


def test_spans_go_to_the_collector_and_from_whoever_has_any(overlay: list[Manifest]) -> None:
    collector = {
        "namespaceSelector": {"matchLabels": namespace("monitoring")},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "otel-collector"}},
    }
    sending = {
        name
        for name, labels in pods(overlay).items()
        for rule in rules(overlay, labels, "egress")
        if rule.get("to") == [collector] and rule["ports"] == [{"port": 4318}]
    }
    processes = {f"{name}-{process}" for name in NAMES for process in ("api", "api-canary", "worker")}
    assert sending == processes | {"gateway"}


def test_everybody_may_ask_for_names(overlay: list[Manifest]) -> None:
    for labels in pods(overlay).values():
        asking = [
            peer
            for rule in rules(overlay, labels, "egress")
            if {port["port"] for port in rule.get("ports", [])} == {53}
            for peer in rule["to"]
        ]
        assert asking == [
            {
                "namespaceSelector": {"matchLabels": namespace("kube-system")},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ]


def namespace(name: str) -> Labels:
    return {"kubernetes.io/metadata.name": name}


def may(policies: list[Manifest], source: Labels, target: Labels, port: int) -> bool:
    """Whether both sides let it pass. Without any policy a side is open, and default-deny selects all."""
    return _passes(policies, source, target, port, "Egress") and _passes(
        policies, target, source, port, "Ingress"
    )


def _passes(policies: list[Manifest], own: Labels, other: Labels, port: int, kind: str) -> bool:
    selecting = [p for p in policies if kind in p["policyTypes"] and selects(p["podSelector"], own)]
    side = "to" if kind == "Egress" else "from"
    return not selecting or any(
        _peer_matches(rule, side, other) and port in {p["port"] for p in rule["ports"]}
        for policy in selecting
        for rule in policy.get(kind.lower(), [])
    )


def _peer_matches(rule: Manifest, side: str, labels: Labels) -> bool:
    """Peers of other namespaces and addresses outside are not among our pods."""
    if side not in rule:
        return True
    return any(
        "podSelector" in peer and "namespaceSelector" not in peer and selects(peer["podSelector"], labels)
        for peer in rule[side]
    )


def rules(overlay: list[Manifest], labels: Labels, direction: str) -> Iterator[dict[str, Any]]:
    """The rules that hold for a pod."""
    for policy in (m["spec"] for m in overlay if m["kind"] == "NetworkPolicy"):
        if selects(policy["podSelector"], labels):
            yield from policy.get(direction, [])


def selects(selector: Manifest, labels: Labels) -> bool:
    """A label selector, with the one operator that is used here."""
    assert all(expression["operator"] == "In" for expression in selector.get("matchExpressions", []))
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(expression["key"]) in expression["values"]
        for expression in selector.get("matchExpressions", [])
    )
