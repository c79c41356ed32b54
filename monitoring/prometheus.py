"""Prometheus' configuration: what is scraped, by which labels, and which rules it evaluates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import yaml

from monitoring import RULES


@dataclass(frozen=True)
class Target:
    """One process that is scraped at `address` (host:port). `labels` say which: `service` and `component`."""

    job: str
    address: str
    labels: Mapping[str, str] = field(default_factory=dict)
    path: str = "/metrics"


def configuration(targets: Iterable[Target], *, alertmanager: str | None, interval: str = "15s") -> str:
    """prometheus.yml for targets that are known by their addresses, with the rules of this folder."""
    jobs = groupby(sorted(targets, key=_job), key=_job)
    content: dict[str, Any] = {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": [str(RULES / "*.yml")],
        "scrape_configs": [_scrape(*job, list(members)) for job, members in jobs],
    }
    if alertmanager:
        content["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    return yaml.safe_dump(content, sort_keys=False)


def _job(target: Target) -> tuple[str, str]:
    return target.job, target.path


def _scrape(job: str, path: str, targets: list[Target]) -> dict[str, Any]:
    static = [{"targets": [target.address], "labels": dict(target.labels)} for target in targets]
    return {"job_name": job, "metrics_path": path, "static_configs": static}
