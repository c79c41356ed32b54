"""The rules hold, each alert is tested both ways, and everybody who is woken finds a page that says what to do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from starlette.applications import Starlette
from starlette.routing import Route

from monitoring import ROOT, RULES
from monitoring.tests.rulebook import (
    CASES,
    LABEL,
    SEVERITIES,
    Alert,
    alerts,
    cases,
    names,
    recorded,
    runbook,
    scraped,
)
from monitoring.tools import Tools
from shared.web.health import add_health

RUNBOOKS = ROOT / "docs" / "runbooks" / "alerts"
each_alert = pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.id)


def promtool(tools: Tools, *arguments: object) -> None:
    command = [*tools.command("promtool"), *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_prometheus_takes_every_rule(tools: Tools) -> None:
    promtool(tools, "check", "rules", *sorted(RULES.glob("*.yml")))


@pytest.mark.parametrize("file", sorted(CASES.glob("*.yml")), ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_not_otherwise(tools: Tools, file: Path) -> None:
    promtool(tools, "test", "rules", file)


def test_probes_and_scrapes_are_left_out_of_every_recorded_figure_of_requests() -> None:
    app = Starlette()
    add_health(app)
    own = [route.path for route in app.routes if isinstance(route, Route)]
    rules = "".join(path.read_text() for path in RULES.glob("*.yml"))
    selectors = re.findall(r"\bhttp_request(?:s_total|_duration)\w*(?:\{([^}]*)\})?", rules)
    left_out = [re.search(r'route!~"([^"]*)"', selector) for selector in selectors]
    assert len(selectors) == 5
    assert all(found and all(re.fullmatch(found[1], path) for path in own) for found in left_out)


@pytest.mark.parametrize("file", sorted(CASES.glob("*.yml")), ids=lambda file: file.stem)
def test_groups_are_evaluated_in_the_order_in_which_they_read_each_other(file: Path) -> None:
    """Without an order promtool takes any, and what is recorded comes a minute later or not."""
    content = yaml.safe_load(file.read_text())
    rules = [yaml.safe_load((file.parent / name).read_text()) for name in content["rule_files"]]
    assert content["group_eval_order"] == [group["name"] for part in rules for group in part["groups"]]


@each_alert
def test_there_is_a_case_in_which_it_fires_and_one_in_which_it_does_not(alert: Alert) -> None:
    read = scraped(alert.expr)
    about = [case for case in cases() if case.metrics & read]
    fires = [any(alert.matches(labels) for labels in case.firing) for case in about]
    assert True in fires, f"no case in {CASES} in which {alert.id} fires"
    assert False in fires, f"no case in {CASES} with its metrics in which {alert.id} does not fire"


@each_alert
def test_it_says_how_urgent_it_is_what_is_wrong_whom_it_touches_and_what_to_do(alert: Alert) -> None:
    assert alert.labels["severity"] in SEVERITIES
    assert alert.annotations.keys() == {"summary", "description", "runbook"}
    assert alert.annotations["runbook"] == f"docs/runbooks/alerts/{runbook(alert)}"
    assert re.search(r"[Uu]sers|Nobody", alert.annotations["description"])


@each_alert
def test_its_texts_name_only_labels_that_it_has(alert: Alert) -> None:
    known = {label for case in cases() for firing in case.firing if alert.matches(firing) for label in firing}
    assert set(LABEL.findall(" ".join(alert.annotations.values()))) <= known


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    pages = {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages == {runbook(alert) for alert in alerts()}


@pytest.mark.parametrize("name", sorted({runbook(alert) for alert in alerts()}))
def test_a_runbook_has_what_somebody_at_night_looks_for(name: str) -> None:
    text = (RUNBOOKS / name).read_text()
    title, *sections = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    assert [runbook(alert) for alert in alerts() if alert.name == title][:1] == [name]
    assert sections == ["What it means for users", "First looks", "What to do", "Whom to wake"]
    looks = text.partition("## First looks\n")[2].partition("\n## ")[0]
    assert re.findall(r"^(\d)\. ", looks, re.MULTILINE) == ["1", "2", "3"]
    said = {row[1]: row[0] for row in re.findall(r"^\| \[(\w+)\]\(([\w-]+\.md)\) \|", _index(), re.MULTILINE)}
    assert said.get(name) == title, "docs/runbooks/alerts/README.md lists every page"


def _index() -> str:
    return (RUNBOOKS / "README.md").read_text()


def test_what_a_runbook_asks_prometheus_for_is_recorded_or_scraped() -> None:
    known = documented() | exported() | recorded().keys()
    for page in RUNBOOKS.glob("*.md"):
        for query in re.findall(r"```promql\n(.*?)```", page.read_text(), re.DOTALL):
            assert bare(names(query)) <= known, f"{page.name}: {query}"


@pytest.mark.parametrize("name", sorted({name for alert in alerts() for name in scraped(alert.expr)}))
def test_every_metric_that_an_alert_reads_exists(name: str) -> None:
    assert bare({name}) <= documented() | exported(), (
        f"{name} is neither in docs/metrics.md nor an exporter's"
    )


def test_every_metric_that_is_recorded_from_exists() -> None:
    read = {name for sources in recorded().values() for name in sources} - recorded().keys()
    assert bare(read) - documented() - exported() == set()


def test_a_misspelt_metric_is_found() -> None:
    assert names('sum by (service) (rate(http_request_total{status=~"5.."}[5m])) > 1') == {
        "http_request_total"
    }
    assert not {"http_request_total"} <= documented()


def documented() -> set[str]:
    """The names in docs/metrics.md, and what the client library adds to every process."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    return listed | {
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
    }


def exported() -> set[str]:
    """The names of exporters and of what else is not ours; tests/stack/test_watch.py sees that the stack has them."""
    lines = (Path(__file__).parent / "exporters.txt").read_text().splitlines()
    return bare({line.split()[0] for line in lines if line and not line.startswith("#")})


def bare(found: set[str] | frozenset[str]) -> set[str]:
    """A histogram is documented by its own name."""
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in found}
