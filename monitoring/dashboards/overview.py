"""Is the platform well? What users get, what it costs, and what is up; details are on the other dashboards."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.board import (
    BYTES,
    COUNT,
    REQUESTS,
    SECONDS,
    SHARE,
    Limit,
    Panel,
    board,
    number,
    panel,
)
from monitoring.dashboards.promql import largest, rate, share, smallest, total

OURS = 'component=~"api|worker"'
HIT = 'tier!="load"'


def overview() -> Dashboard:
    rows = [
        ("Now", _now()),
        ("What users get", _requests()),
        ("Up and down", _up()),
        ("What it takes", _resources()),
    ]
    return board("overview", "Overview", __doc__ or "", rows)


def _now() -> list[Panel]:
    return [
        number(
            "Concurrent users",
            "max(sessions_active)",
            unit=COUNT,
            runbook="/scaling",
            limit=Limit(100_000),
            says="Sessions used within an access token's lifetime. Built for 100,000: above that, look "
            "at scaling. "
            "A sudden fall without a fall of requests means that tokens are no longer refreshed.",
        ),
        number(
            "Requests",
            "sum(gateway:requests:rate1m)",
            unit=REQUESTS,
            runbook="/scaling",
            limit=Limit(2000),
            says="At the gateway. Built for 2,000 a second at peak. Zero means that nobody reaches the "
            "gateway.",
        ),
        number(
            "Errors",
            'sum(gateway:requests:rate5m{code_class="5xx"}) / sum(gateway:requests:rate5m) or vector(0)',
            unit=SHARE,
            runbook="availability-budget-burn",
            limit=Limit(0.001),
            says="Share of 5xx at the gateway over five minutes. The objective allows 0.1 %.",
        ),
        number(
            "p99",
            "gateway:request_duration_seconds:p99",
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            says="99 % of the requests are answered faster, at the gateway. The objective is 0.1 s.",
        ),
        number(
            "Processes down",
            'count(up{component=~"api|worker|gateway"} == 0) or vector(0)',
            unit=COUNT,
            runbook="process-down",
            limit=Limit(1),
            says="APIs, workers and gateways that do not answer the scrape.",
        ),
        number(
            "Firing alerts",
            'count(ALERTS{alertstate="firing"}) or vector(0)',
            unit=COUNT,
            runbook="/README",
            limit=Limit(1),
            says="Alerts that fire now, also tickets; Alertmanager says which, and what is silenced.",
        ),
    ]


def _requests() -> list[Panel]:
    return [
        panel(
            "Requests by outcome",
            {"{{code_class}}": "sum by (code_class) (gateway:requests:rate1m)"},
            unit=REQUESTS,
            runbook="high-error-rate",
            says="At the gateway. 4xx that rise alone are a client's release or an attack; 5xx are ours.",
        ),
        panel(
            "Latency at the gateway",
            {name: f"gateway:request_duration_seconds:{name}" for name in ("p50", "p95", "p99")},
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            says="p99 above the line breaks the objective. p99 alone: few slow routes, see the "
            "services. p50 too: everything waits, see data stores.",
        ),
        panel(
            "Error ratio by service",
            {"{{service}}": "service:error_ratio:rate5m"},
            unit=SHARE,
            runbook="availability-budget-burn",
            limit=Limit(0.001),
            says="Share of 5xx, refusals for overload among them. Above the line the month's budget is "
            "used up faster than it comes.",
        ),
        panel(
            "Requests by service",
            {"{{service}}": "service:requests:rate5m"},
            unit=REQUESTS,
            runbook="service-down",
            says="Of endpoints, without probes. One that falls to nothing while the gateway's stay is "
            "down or not routed to.",
        ),
        panel(
            "p99 by service",
            {"{{service}}": "service:request_duration_seconds:p99"},
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            exemplars=True,
            says="Inside the services. High at the gateway and not here: the gateway itself, or the network.",
        ),
        panel(
            "Cache hit ratio",
            {"{{service}}": f"{_lookups(HIT)} / ({_lookups()} > 0)"},
            unit=SHARE,
            runbook="low-cache-hit-rate",
            limit=Limit(0.7, below=True),
            says="Look-ups answered from memory or Redis. Below 70 % the databases carry what the cache "
            "should: "
            "Redis down, keys that never repeat, or a process that has just begun.",
        ),
    ]


def _lookups(of: str = "") -> str:
    return f"sum by (service) (rate(cache_requests_total{{{of}}}[$__rate_interval]))"


def _up() -> list[Panel]:
    return [
        panel(
            "APIs and workers up",
            total("service, component", "up", OURS),
            unit=COUNT,
            runbook="service-down",
            width=12,
            says="How many processes answer the scrape. Zero: the service is down (API), or its events "
            "and jobs "
            "stand still (worker).",
        ),
        panel(
            "Gateway and servers up",
            smallest("component", "up", 'component!~"api|worker"'),
            unit=COUNT,
            runbook="monitoring-target-down",
            limit=Limit(1, below=True),
            width=12,
            says="0 where a gateway or an exporter does not answer. An exporter that is down says "
            "nothing about "
            "its server.",
        ),
    ]


def _resources() -> list[Panel]:
    by = "service, component"
    return [
        panel(
            "Database connections in use",
            share(f"{by}, pool", "db_pool_in_use", "db_pool_limit"),
            unit=SHARE,
            runbook="database-pool-nearly-full",
            limit=Limit(0.8),
            says="Of the fullest process. At 100 % requests wait for a connection: slow statements, or "
            "too few "
            "processes.",
        ),
        panel(
            "CPU",
            rate(by, "process_cpu_seconds_total", OURS),
            unit=COUNT,
            runbook="high-cpu",
            says="Cores. A process has one: a service near as many as it has processes makes its "
            "requests wait.",
        ),
        panel(
            "Memory",
            largest(by, "process_resident_memory_bytes", OURS),
            unit=BYTES,
            runbook="high-memory",
            says="Of the largest process. What only grows is a leak, and ends at the container's limit "
            "with a "
            "restart.",
        ),
    ]
