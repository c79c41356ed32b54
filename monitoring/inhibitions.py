"""Which alerts say nothing new while another one fires: what follows from a service or a store that is down."""

from __future__ import annotations

from typing import Any

REQUESTS = (
    "HighErrorRate",
    "HighLatency",
    "AvailabilityBudgetBurn",
    "LatencyBudgetBurn",
    "RequestsWaiting",
    "LowCacheHitRate",
    "DatabasePoolNearlyFull",
)
REPLICAS = ("ReplicaLag", "ReplicaUnusable", "ReplicaDown")
EVENTS = ("OutboxNotMoving", "EventStreamFull", "ConsumerLag", "DeadLetters")
JOBS = ("JobsFailing", "JobsNotStarting")
PROCESSES = ("ServiceDown", "WorkerDown", "ProcessDown")
STORES = {
    "PostgresDown": (*REQUESTS, *REPLICAS, *EVENTS, *JOBS),
    "RedisDown": ("LowCacheHitRate", "HighLatency", "LatencyBudgetBurn", "OutboxNotMoving", "ConsumerLag"),
    "ReplicaDown": ("ReplicaLag", "ReplicaUnusable"),
}
"""What follows where a store does not answer. One that has the label `service` is that service's alone.

PROCESSES do not follow: neither /metrics nor liveness asks a store. Without Redis everything is slower, but few
requests fail: errors have another cause."""
SERVICES = {
    "ServiceDown": (*REQUESTS, "ReplicaLag", "ReplicaUnusable", "ProcessDown"),
    "WorkerDown": ("OutboxNotMoving", "ConsumerLag", *JOBS, "ProcessDown"),
    "GatewayDown": REQUESTS,
    "EventStreamFull": ("OutboxNotMoving",),
    "ReplicaLag": ("ReplicaUnusable",),
}
"""What follows for the same service."""
SAME_THING = (
    "alertname", "service", "instance", "kind", "group", "source", "name", "pod", "mountpoint", "persistentvolumeclaim",
)  # fmt: skip
"""Where an alert's page and its ticket agree in these, they are about one thing."""


def rules() -> list[dict[str, Any]]:
    """The inhibit_rules of alertmanager.yml."""
    page_and_ticket = {
        "source_matchers": ['severity="page"'],
        "target_matchers": ['severity="ticket"'],
        "equal": list(SAME_THING),
    }
    return [
        *(_rule(source, targets, ["service"]) for source, targets in SERVICES.items()),
        *(_rule(source, targets, ["service"], 'service!=""') for source, targets in STORES.items()),
        *(_rule(source, targets, [], 'service=""') for source, targets in STORES.items()),
        page_and_ticket,
    ]


def _rule(source: str, targets: tuple[str, ...], equal: list[str], *matchers: str) -> dict[str, Any]:
    return {
        "source_matchers": [f'alertname="{source}"', *matchers],
        "target_matchers": [f'alertname=~"{"|".join(targets)}"'],
        "equal": equal,
    }
