"""The dashboards are those of the code, every panel explains itself, and asks only for what there is.

That each brings data is tested on the running stack: tests/integration/test_dashboards.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from monitoring import ROOT
from monitoring.dashboards import GENERATED
from monitoring.dashboards.__main__ import rendered
from monitoring.dashboards.board import DOCS
from monitoring.tests.panels import Panel, Query, panels
from monitoring.tests.rulebook import names, recorded
from monitoring.tests.test_rules import bare, documented, exported, promtool
from monitoring.tools import Tools

EVERYWHERE = {"service", "component", "instance", "job"}
"""What the scrape adds."""
PROMETHEUS_OWN = {"ALERTS"}
each_panel = pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel.id)


def labels_of() -> dict[str, set[str]]:
    """The labels of our own metrics, as docs/metrics.md lists them."""
    rows = re.findall(
        r"^\| `(\w+)` \| \w+ \| ([^|]+) \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE
    )
    return {name: set(re.findall(r"`(\w+)`", labels)) | EVERYWHERE for name, labels in rows}


def unknown_labels(query: Query) -> set[str]:
    """Labels of our own metrics that they do not have."""
    known = labels_of()
    asked = {
        f"{metric}: {label}"
        for metric, labels in query.selectors
        for label in labels
        for name in bare({metric})
        if name in known and label not in known[name]
    }
    ours = bare(names(query.expr))
    grouped = frozenset().union(*query.grouped_by) if ours <= known.keys() else frozenset()
    return asked | (grouped - set().union(*(known[name] for name in ours & known.keys())))


def unknown_metrics(query: Query) -> set[str]:
    known = documented() | exported() | recorded().keys() | PROMETHEUS_OWN
    return bare(names(query.expr)) - known


def test_the_committed_json_is_what_the_code_says() -> None:
    committed = {path.name: path.read_text() for path in GENERATED.glob("*.json")}
    texts = rendered()
    assert committed.keys() == texts.keys(), "older than the code: make dashboards"
    older = [name for name in texts if committed[name] != texts[name]]
    assert older == [], "older than the code: make dashboards"


def test_no_two_panels_of_a_dashboard_have_one_name() -> None:
    ids = [panel.id for panel in panels()]
    assert sorted(set(ids)) == sorted(ids)


@each_panel
def test_a_panel_says_what_a_bad_value_means_and_where_to_read_on(panel: Panel) -> None:
    assert len(panel.content["description"]) > 30
    assert panel.content["fieldConfig"]["defaults"]["unit"]
    assert all(query.legend for query in panel.queries)
    (link,) = panel.content["links"]
    assert (ROOT / link["url"].removeprefix(f"{DOCS}/")).is_file()


@each_panel
def test_a_panel_names_only_metrics_and_labels_that_there_are(panel: Panel) -> None:
    for query in panel.queries:
        assert unknown_metrics(query) == set()
        assert unknown_labels(query) == set()


@each_panel
def test_a_legend_shows_what_the_lines_differ_in(panel: Panel) -> None:
    for query in panel.queries:
        assert all(labels == query.legend_labels for labels in query.grouped_by), query


def test_prometheus_takes_every_query(tools: Tools, tmp_path: Path) -> None:
    rules = [
        {
            "record": f"panel:{number}",
            "expr": query.asked("1m"),
            "labels": {"panel": f"{panel.id} {query.legend}"},
        }
        for number, (panel, query) in enumerate(
            (panel, query) for panel in panels() for query in panel.queries
        )
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool(tools, "check", "rules", "--lint=none", file)


@pytest.mark.parametrize(
    ("expr", "unknown"),
    [
        ("sum by (route) (rate(http_request_total[1m]))", {"http_request_total"}),
        ('sum by (route) (rate(http_requests_total{state=~"5.."}[1m]))', {"http_requests_total: state"}),
        ("sum by (rout) (rate(http_requests_total[1m]))", {"rout"}),
        ('max by (kind) (jobs_waiting{service="sns"})', set()),
    ],
)
def test_a_misspelt_metric_or_label_is_found(expr: str, unknown: set[str]) -> None:
    query = Query("", expr)
    assert unknown_metrics(query) | unknown_labels(query) == unknown


@pytest.mark.parametrize(
    ("panel", "objective"),
    [
        ("overview: Errors", 0.001),
        ("overview: p99", 0.1),
        ("overview: Error ratio by service", 0.001),
        ("service-sns: Latency", 0.1),
        ("error-budget: Share of requests that break the promise: latency", 0.01),
    ],
)
def test_a_panel_turns_red_where_the_objective_is_missed(panel: str, objective: float) -> None:
    (found,) = (one for one in panels() if one.id == panel)
    assert found.content["fieldConfig"]["defaults"]["thresholds"]["steps"][-1] == {
        "color": "red",
        "value": objective,
    }
