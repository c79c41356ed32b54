"""The rows about Redis and the cache, of the dashboard of the data stores."""

from __future__ import annotations

from monitoring.dashboards.board import BYTES, COUNT, EACH_SECOND, SECONDS, Limit, Panel, Row, panel
from monitoring.dashboards.promql import quantile, rate


def redis_rows(of: str) -> list[Row]:
    return [("Redis", _redis()), ("Commands and cache", _commands(of))]


def _redis() -> list[Panel]:
    memory = {
        "used {{instance}}": "redis_memory_used_bytes",
        "limit {{instance}}": "redis_memory_max_bytes > 0",
    }
    return [
        panel(
            "Redis up",
            {"{{instance}}": "redis_up"},
            unit=COUNT,
            runbook="redis-down",
            limit=Limit(1, below=True),
            says="0: no events, no revocations across processes, no second tier of the cache.",
        ),
        panel(
            "Memory of Redis",
            memory,
            unit=BYTES,
            runbook="high-memory",
            says="At its limit Redis refuses writes: events and revocations of sessions wait.",
        ),
        panel(
            "Clients of Redis",
            {"{{instance}}": "redis_connected_clients"},
            unit=COUNT,
            runbook="redis-down",
            says="What only grows is a process that does not close its connections.",
        ),
    ]


def _commands(of: str) -> list[Panel]:
    return [
        panel(
            "Commands' time (p95)",
            quantile(0.95, "service, command", "redis_command_duration_seconds", of, top=10),
            unit=SECONDS,
            runbook="redis-down",
            limit=Limit(0.05),
            says="As the services wait for it: the network, or a command over too many keys.",
        ),
        panel(
            "Failed commands",
            rate("service, command", "redis_command_errors_total", of),
            unit=EACH_SECOND,
            runbook="redis-down",
            says="Also those that took too long. Reads go on from memory and the database; events wait. "
            "Empty is good.",
        ),
        panel(
            "Cache look-ups",
            rate("service, tier", "cache_requests_total", of),
            unit=EACH_SECOND,
            runbook="low-cache-hit-rate",
            says="Where they ended: `load` is the database. Loads that rise with the requests: what is "
            "asked does not repeat.",
        ),
    ]
