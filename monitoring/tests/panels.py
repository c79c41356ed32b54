"""Reading the dashboards as Grafana gets them: their panels and what each asks Prometheus for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from monitoring.dashboards import GENERATED

CHOSEN = re.compile(r'"\$(?:service|instance)"')
BY = re.compile(r"\bby \(([^)]*)\)")
LEGEND_LABEL = re.compile(r"\{\{(\w+)\}\}")
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^{}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class Query:
    """One line of a panel, or one for each value of the labels in its legend."""

    legend: str
    expr: str

    @property
    def legend_labels(self) -> frozenset[str]:
        return frozenset(LEGEND_LABEL.findall(self.legend))

    @property
    def grouped_by(self) -> list[frozenset[str]]:
        """What each aggregation keeps, without `le`, which no legend can show."""
        found = (frozenset(re.findall(r"\w+", labels)) for labels in BY.findall(self.expr))
        return [labels - {"le"} for labels in found]

    @property
    def selectors(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Metrics with the labels that are asked for."""
        for metric, matchers in SELECTOR.findall(self.expr):
            yield metric, frozenset(MATCHER.findall(matchers))

    def asked(self, window: str) -> str:
        """As Grafana sends it, with everything chosen and rates over `window`."""
        return CHOSEN.sub('".+"', self.expr).replace("$__rate_interval", window)


@dataclass(frozen=True)
class Panel:
    """A panel of a dashboard."""

    dashboard: str
    title: str
    content: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.dashboard}: {self.title}"

    @property
    def queries(self) -> list[Query]:
        return [Query(target["legendFormat"], target["expr"]) for target in self.content["targets"]]


@cache
def panels() -> tuple[Panel, ...]:
    """Every panel of every dashboard; rows are none."""
    return tuple(
        Panel(path.stem, content["title"], content)
        for path in sorted(GENERATED.glob("*.json"))
        for content in json.loads(path.read_text())["panels"]
        if content["type"] != "row"
    )
