"""Reading rules and their unit tests: what is alerted about, by which metrics, and what the tests expect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from monitoring import RULES

CASES = Path(__file__).parent / "rules"
SEVERITIES = ("page", "ticket")
# What in an expression is no metric's name: strings, selectors, ranges, labels listed behind these words, functions.
NOISE = (
    r'"[^"]*"',
    r"\{[^}]*\}",
    r"\[[^\]]*\]",
    r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)",
    r"\b\w+(?=\s*\()",
    r"\b(?:and|or|unless|bool|offset)\b",
)
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"\$labels\.(\w+)")
PAIR = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Alert:
    """One alerting rule. Several may have one name, for a page and a ticket, say."""

    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def id(self) -> str:
        return "-".join((self.name, *self.labels.values()))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert that fires, with these labels, may be of this rule."""
        return {"alertname": self.name, **self.labels}.items() <= labels.items()


@dataclass(frozen=True)
class Case:
    """One unit test: the metrics that it feeds, and the labels of the alerts that it expects to fire."""

    name: str
    metrics: frozenset[str]
    firing: tuple[Mapping[str, str], ...]


def _rules() -> Iterator[dict[str, Any]]:
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


@cache
def alerts() -> tuple[Alert, ...]:
    """Every alerting rule."""
    return tuple(
        Alert(rule["alert"], rule["expr"], rule.get("labels", {}), rule.get("annotations", {}))
        for rule in _rules()
        if "alert" in rule
    )


@cache
def recorded() -> dict[str, frozenset[str]]:
    """Of every recorded name, the names that its rules read."""
    found: dict[str, frozenset[str]] = {}
    for rule in _rules():
        if name := rule.get("record"):
            found[name] = found.get(name, frozenset()) | names(rule["expr"])
    return found


def names(expr: str) -> frozenset[str]:
    """The metrics that an expression reads, recorded ones among them."""
    expr = re.sub(r"#.*", "", expr)
    for noise in NOISE:
        expr = re.sub(noise, " ", expr)
    return frozenset(NAME.findall(expr))


def scraped(expr: str) -> frozenset[str]:
    """The metrics that an expression reads in the end, behind whatever is recorded."""
    read = names(expr)
    while read & recorded().keys():
        read = frozenset().union(*(recorded().get(name, {name}) for name in read))
    return read


@cache
def cases() -> tuple[Case, ...]:
    """Every unit test that looks at which alerts fire."""
    return tuple(
        Case(test["name"], frozenset(map(_metric, test["input_series"])), tuple(_firing(test)))
        for path in sorted(CASES.glob("*.yml"))
        for test in yaml.safe_load(path.read_text())["tests"]
        if any(query["expr"].startswith("ALERTS") for query in test["promql_expr_test"])
    )


def _metric(series: Mapping[str, str]) -> str:
    return series["series"].partition("{")[0]


def _firing(test: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    for query in test["promql_expr_test"]:
        for sample in query["exp_samples"]:
            yield dict(PAIR.findall(sample["labels"]))


def runbook(alert: Alert) -> str:
    """The page of an alert: its name in words."""
    return "-".join(re.findall(r"[A-Z][a-z]+", alert.name)).lower() + ".md"
