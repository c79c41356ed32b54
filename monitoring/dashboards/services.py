"""One dashboard for each service, all from one function; what only one service has is in own.py."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.board import BYTES, COUNT, REQUESTS, SECONDS, SHARE, Limit, Panel, board, panel
from monitoring.dashboards.own import OWN
from monitoring.dashboards.promql import Queries, largest, percentiles, quantile, rate

REAL = 'route!~"unmatched|/health.*|/metrics"'
"""Requests of somebody: probes and scrapes are nobody's."""


def service(name: str) -> Dashboard:
    """The dashboard of one service. `$instance` chooses among its processes."""
    of = f'service="{name}", instance=~"$instance"'
    rows = [
        ("Requests", _requests(of)),
        ("Errors and overload", _errors(of)),
        *([(f"Only {name}", OWN[name]())] if name in OWN else []),
        ("What it waits for", _waits(of)),
        ("Processes", _processes(of)),
    ]
    says = f"What {name} does for its users, what it waits for, and how its processes are."
    instances = f'label_values(up{{service="{name}"}}, instance)'
    return board(name, f"Service: {name}", says, rows, variables={"instance": instances})


def _requests(of: str) -> list[Panel]:
    real = f"{of}, {REAL}"
    slow = quantile(0.99, "method, route", "http_request_duration_seconds", real)
    return [
        panel(
            "Requests by route",
            rate("method, route", "http_requests_total", real),
            unit=REQUESTS,
            runbook="/scaling",
            says="By the route's template. One that grows alone is a client's loop, or an attack.",
        ),
        panel(
            "Latency",
            percentiles("http_request_duration_seconds", real),
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            exemplars=True,
            says="p99 above the line breaks the objective; the points are single requests with their traces.",
        ),
        panel(
            "p99 by route",
            slow,
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            says="Which routes are slow. Hashing a password takes its time by design.",
        ),
    ]


def _errors(of: str) -> list[Panel]:
    overload = {
        "in flight": f"sum(http_requests_in_flight{{{of}}})",
        "waiting": f"sum(http_requests_waiting{{{of}}})",
        "refused": f"sum(rate(http_requests_refused_total{{{of}}}[$__rate_interval]))",
    }
    return [
        panel(
            "Errors of clients",
            _answered(of, "4.."),
            unit=REQUESTS,
            runbook="high-error-rate",
            says="4xx. Many 401: tokens that are not taken. Many 422: a client's release that sends "
            "something else.",
        ),
        panel(
            "Errors of ours",
            _answered(of, "5.."),
            unit=REQUESTS,
            runbook="high-error-rate",
            limit=Limit(1),
            says="5xx: each is a line in the log with its trace. 503 alone is overload or an outage of "
            "a store. Empty is good.",
        ),
        panel(
            "In flight, waiting, refused",
            overload,
            unit=COUNT,
            runbook="requests-waiting",
            limit=Limit(100),
            says="Waiting above 0 for long: more comes than the processes can do. Refused: users get a "
            "503 at once.",
        ),
    ]


def _answered(of: str, status: str) -> Queries:
    return rate("status, method, route", "http_requests_total", f'{of}, status=~"{status}"')


def _waits(of: str) -> list[Panel]:
    calls = quantile(0.95, "target, outcome", "http_client_request_duration_seconds", of)
    return [
        panel(
            "Slowest statements (p95)",
            quantile(0.95, "statement", "db_query_duration_seconds", of, top=10),
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            says="By the function that asked. Over 100 ms: a missing index, a lock, or a busy server.",
        ),
        panel(
            "Time in PostgreSQL",
            rate("statement", "db_query_duration_seconds_sum", of, top=10),
            unit=COUNT,
            runbook="database-pool-nearly-full",
            says="Seconds of waiting in each second: the ten statements that take the most, whether "
            "slow or frequent.",
        ),
        panel(
            "Outgoing calls (p95)",
            calls,
            unit=SECONDS,
            runbook="high-latency",
            says="By who is called and what came of it. `error` is no answer at all; 5xx are the "
            "others' fault.",
        ),
    ]


def _processes(of: str) -> list[Panel]:
    by = "component, instance"
    return [
        panel(
            "CPU by process",
            rate(by, "process_cpu_seconds_total", of),
            unit=SHARE,
            runbook="high-cpu",
            limit=Limit(0.8),
            says="Of the one core that a process can use. Above 80 % its requests wait for each other.",
        ),
        panel(
            "Memory by process",
            largest(by, "process_resident_memory_bytes", of),
            unit=BYTES,
            runbook="high-memory",
            says="What only grows is a leak, and ends at the container's limit with a restart.",
        ),
        panel(
            "Event loop's lag (p99)",
            quantile(0.99, by, "event_loop_lag_seconds", of),
            unit=SECONDS,
            runbook="high-cpu",
            limit=Limit(0.1),
            says="How late the process is with everything: something computes without a pause, and all "
            "its requests wait.",
        ),
    ]
