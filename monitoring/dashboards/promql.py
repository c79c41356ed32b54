"""The expressions that panels are made of, each with its legend: one line for each value of the labels."""

from __future__ import annotations

Queries = dict[str, str]
"""Expressions by their legend."""
WINDOW = "$__rate_interval"
"""What Grafana takes for a rate: at least four scrapes."""


def rate(by: str, metric: str, of: str = "", *, top: int = 0) -> Queries:
    """How much a counter grows in a second. `by` are labels, `of` matchers; `top` keeps the largest."""
    return _lines(by, f"sum by ({by}) (rate({metric}{{{of}}}[{WINDOW}]))", top)


def within(window: str, by: str, metric: str, of: str = "") -> Queries:
    """How much a counter has grown within a window."""
    return _lines(by, f"sum by ({by}) (increase({metric}{{{of}}}[{window}]))")


def quantile(share: float, by: str, histogram: str, of: str = "", *, top: int = 0) -> Queries:
    """Under which value this share of what a histogram has seen is."""
    return _lines(by, quantile_of(share, by, histogram, of), top)


def percentiles(histogram: str, of: str = "") -> Queries:
    """p50, p95 and p99 of everything."""
    return {f"p{share}": quantile_of(share / 100, "", histogram, of) for share in (50, 95, 99)}


def quantile_of(share: float, by: str, histogram: str, of: str) -> str:
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({histogram}_bucket{{{of}}}[{WINDOW}])))"


def largest(by: str, metric: str, of: str = "") -> Queries:
    """A gauge: the largest, of all processes that measure the same."""
    return _lines(by, f"max by ({by}) ({metric}{{{of}}})")


def smallest(by: str, metric: str, of: str = "") -> Queries:
    """A gauge's smallest."""
    return _lines(by, f"min by ({by}) ({metric}{{{of}}})")


def total(by: str, metric: str, of: str = "") -> Queries:
    """A gauge: the sum of processes that each measure their own."""
    return _lines(by, f"sum by ({by}) ({metric}{{{of}}})")


def share(by: str, metric: str, limit: str, of: str = "") -> Queries:
    """How much of its limit the fullest one uses."""
    return _lines(by, f"max by ({by}) ({metric}{{{of}}} / ({limit} > 0))")


def either(by: str, ours: str, cluster: str, of: str = "", *, how: str = "max") -> Queries:
    """What postgres_exporter measures, or CloudNativePG under a name of its own."""
    return _lines(by, " or ".join(f"{how} by ({by}) ({metric}{{{of}}})" for metric in (ours, cluster)))


def _lines(by: str, expr: str, top: int = 0) -> Queries:
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return {legend: f"topk({top}, {expr})" if top else expr}
