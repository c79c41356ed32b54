"""What all dashboards have in common: a board of rows, and panels that say what a bad value means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.common import (
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
)

DOCS = "https://docs.softfactory.example"
"""Where the repository's files can be read in a browser: the links of every panel begin with it."""
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
SECONDS, SHARE, BYTES, COUNT = units.Seconds, units.PercentUnit, units.BytesIEC, units.Short
REQUESTS, EVENTS, EACH_SECOND = units.RequestsPerSecond, units.EventsPerSecond, units.CountsPerSecond
Panel = timeseries.Panel | stat.Panel
Row = tuple[str, list[Panel]]


@dataclass(frozen=True)
class Limit:
    """Where a value begins to be bad. `below`: a value under it is."""

    value: float
    below: bool = False

    def thresholds(self) -> dashboard.ThresholdsConfig:
        good, bad = ("red", "green") if self.below else ("green", "red")
        steps = [Threshold(color=good), Threshold(value=self.value, color=bad)]
        return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def panel(
    title: str,
    queries: Mapping[str, str],
    *,
    unit: str,
    says: str,
    runbook: str,
    limit: Limit | None = None,
    width: int = 8,
    exemplars: bool = False,
) -> timeseries.Panel:
    """A graph. `queries` are expressions by their legend; `says` tells what a bad value means, `runbook` what to do."""
    drawn = (
        timeseries.Panel()
        .legend(common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).show_legend(True))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .fill_opacity(5)
        .axis_soft_min(0)
        .height(8)
    )
    if limit:
        style = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        drawn.thresholds(limit.thresholds()).thresholds_style(style)
    for number, (legend, expr) in enumerate(queries.items()):
        query = _query(number, legend, expr)
        drawn.with_target(query.exemplar(exemplars))
    drawn.title(title).description(says).unit(unit).datasource(SOURCE).span(width)
    return drawn.links([_link(f"Runbook: {runbook}", page(runbook))])


def number(
    title: str, expr: str, *, unit: str, says: str, runbook: str, limit: Limit | None = None, width: int = 4
) -> stat.Panel:
    """One value now, in the color of its limit."""
    shown = stat.Panel().height(4).with_target(_query(0, title, expr).instant())
    if limit:
        shown.thresholds(limit.thresholds())
    shown.title(title).description(says).unit(unit).datasource(SOURCE).span(width)
    return shown.links([_link(f"Runbook: {runbook}", page(runbook))])


def board(
    uid: str, title: str, says: str, rows: Iterable[Row], *, variables: Mapping[str, str] | None = None
) -> dashboard.Dashboard:
    """A dashboard. `variables` are label_values(...) by the name of the label that people choose by."""
    made = (
        dashboard.Dashboard(title)
        .uid(f"softfactory-{uid}")
        .description(says)
        .tags(["softfactory"])
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-1h", "now")
        .refresh("30s")
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .link(_others())
    )
    for name, values in (variables or {}).items():
        made.with_variable(_variable(name, values))
    ids = count(1)
    for heading, panels in rows:
        made.with_row(dashboard.Row(heading).id(next(ids)))
        for one in panels:
            made.with_panel(one.id(next(ids)))
    return made


def page(runbook: str) -> str:
    """The path of a runbook: an alert's, or one of docs/runbooks by its name with a slash before it."""
    return f"docs/runbooks{runbook}.md" if runbook.startswith("/") else f"docs/runbooks/alerts/{runbook}.md"


def _query(number: int, legend: str, expr: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id(chr(ord("A") + number)).expr(expr).legend_format(legend)


def _link(title: str, path: str) -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink(title).type(DashboardLinkType.LINK).url(f"{DOCS}/{path}").target_blank(True)
    )


def _others() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS)
    return link.tags(["softfactory"]).as_dropdown(True).keep_time(True)


def _variable(name: str, values: str) -> dashboard.QueryVariable:
    chosen = (
        dashboard.QueryVariable(name)
        .query(values)
        .datasource(SOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
    return chosen.sort(VariableSort.ALPHABETICAL_ASC).multi(True).include_all(True).all_value(".+")
