"""PostgreSQL, its replica and pools, slow statements, Redis and its cache, backups."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.board import BYTES, COUNT, SECONDS, SHARE, Limit, Panel, board, panel
from monitoring.dashboards.promql import either, largest, quantile, rate, share, smallest, total, within
from monitoring.dashboards.redis import redis_rows

OF = 'service=~"$service"'
NAMED = 'datname!=""'


def stores() -> Dashboard:
    rows = [
        ("PostgreSQL", _postgres()),
        ("Pools", _pools()),
        ("Statements", _statements()),
        ("Replica", _replica()),
        *redis_rows(OF),
        ("Backups", _backups()),
    ]
    services = "label_values(db_pool_limit, service)"
    return board("stores", "Data stores", __doc__ or "", rows, variables={"service": services})


def _postgres() -> list[Panel]:
    return [
        panel(
            "PostgreSQL up",
            {"{{instance}}": "pg_up or cnpg_collector_up"},
            unit=COUNT,
            runbook="postgres-down",
            limit=Limit(1, below=True),
            width=6,
            says="0: the server does not answer; its services answer 503.",
        ),
        panel(
            "Connections",
            either("datname, state", "pg_stat_activity_count", "cnpg_backends_total", NAMED, how="sum"),
            unit=COUNT,
            runbook="database-pool-nearly-full",
            width=6,
            says="By database and state. `idle in transaction` that stays is a transaction which "
            "somebody forgot.",
        ),
        panel(
            "Longest transaction",
            either(
                "datname", "pg_stat_activity_max_tx_duration", "cnpg_backends_max_tx_duration_seconds", NAMED
            ),
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(60),
            width=6,
            says="Long ones hold locks and keep old rows from being cleared away.",
        ),
        panel(
            "Size",
            either("datname", "pg_database_size_bytes", "cnpg_pg_database_size_bytes"),
            unit=BYTES,
            runbook="disk-almost-full",
            width=6,
            says="What grows without its users growing is a table without a limit: docs/growth.md.",
        ),
    ]


def _pools() -> list[Panel]:
    return [
        panel(
            "Pools in use",
            share("service, component, pool", "db_pool_in_use", "db_pool_limit", OF),
            unit=SHARE,
            runbook="database-pool-nearly-full",
            limit=Limit(0.8),
            width=6,
            says="Of the fullest process. At 100 % requests wait for a connection.",
        ),
        panel(
            "Open connections",
            total("service, pool", "db_pool_open", OF),
            unit=COUNT,
            runbook="database-pool-nearly-full",
            width=6,
            says="Of all processes; PostgreSQL's max_connections is their limit.",
        ),
        panel(
            "Check-outs that wait",
            total("service, pool", "db_pool_waiting", OF),
            unit=COUNT,
            runbook="database-pool-nearly-full",
            limit=Limit(1),
            width=6,
            says="Above 0 for long: slow statements, or too few connections.",
        ),
        panel(
            "Wait for a connection (p95)",
            quantile(0.95, "service, pool", "db_pool_wait_seconds", OF),
            unit=SECONDS,
            runbook="database-pool-nearly-full",
            limit=Limit(0.05),
            width=6,
            says="Only of those that waited; empty is good.",
        ),
    ]


def _statements() -> list[Panel]:
    by = "service, statement"
    return [
        panel(
            "Slow statements",
            within("5m", by, "slow_queries_total", OF),
            unit=COUNT,
            runbook="high-latency",
            says="Over 100 ms within five minutes, by the function that asked; the log has a line for "
            "each. Empty is good.",
        ),
        panel(
            "Slowest statements (p95)",
            quantile(0.95, by, "db_query_duration_seconds", OF, top=10),
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            says="A missing index, a lock, or a busy server. All at once: the server.",
        ),
        panel(
            "Time by statement",
            rate(by, "db_query_duration_seconds_sum", OF, top=10),
            unit=COUNT,
            runbook="high-latency",
            says="Seconds in each second: where PostgreSQL's time goes, whether slow or frequent.",
        ),
    ]


def _replica() -> list[Panel]:
    return [
        panel(
            "Replica's lag",
            largest("service, instance", "db_replica_lag_seconds", OF),
            unit=SECONDS,
            runbook="replica-lag",
            limit=Limit(1),
            width=12,
            says="As the readers measure it. Behind for long, reads go to the primary. Empty without a "
            "replica.",
        ),
        panel(
            "Replica usable",
            smallest("service", "db_replica_usable", OF),
            unit=COUNT,
            runbook="replica-unusable",
            limit=Limit(1, below=True),
            width=12,
            says="0 while reads go to the primary, which then carries both. Empty without a replica.",
        ),
    ]


def _backups() -> list[Panel]:
    ages = {
        "{{service}}": "time() - max by (service) (backup_last_success_timestamp_seconds)",
        "{{pod}}": "time() - max by (pod) (cnpg_collector_last_available_backup_timestamp)",
    }
    return [
        panel(
            "Age of the last backup",
            ages,
            unit=SECONDS,
            runbook="backup-too-old",
            limit=Limit(26 * 3600),
            width=24,
            says="Above 26 hours a night's backup is missing: what is lost with the server grows. Empty "
            "where none are made.",
        ),
    ]
