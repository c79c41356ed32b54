"""What workers are scaled by exists in the code, and the adapter's query is over all of its labels."""

from __future__ import annotations

from typing import Any

import yaml

from shared.jobs import metrics
from tests.conftest import ROOT
from tests.k8s.rendering import Manifest


def rule() -> dict[str, Any]:
    (found,) = yaml.safe_load((ROOT / "k8s" / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    return dict(found)


def test_workers_are_scaled_by_a_metric_that_the_adapter_offers_and_the_code_has(
    overlay: list[Manifest],
) -> None:
    scalers = [found for found in overlay if found["kind"] == "HorizontalPodAutoscaler"]
    asked = {
        metric["external"]["metric"]["name"]
        for scaler in scalers
        for metric in scaler["spec"]["metrics"]
        if metric["type"] == "External"
    }
    assert asked == {rule()["name"]["as"]} == {metrics.waiting._name}
    assert f'__name__="{metrics.waiting._name}"' in rule()["seriesQuery"]


def test_a_services_queue_is_the_sum_of_its_kinds_each_as_its_workers_count_it() -> None:
    """Every worker counts the whole queue; the largest count over all kinds would be that of one kind alone."""
    labels = ", ".join(("service", *metrics.waiting._labelnames))
    query = f"sum by (service) (max by ({labels}) (<<.Series>>{{<<.LabelMatchers>>}}))"
    assert rule()["metricsQuery"] == query
