"""docs/metrics.md and the code name the same metrics, of the same type and with the same labels."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from shared.observability.metrics import PoolAndCacheCollector
from stack.services import SERVICES
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "metrics.md"
PACKAGES = ["shared", *(service.module for service in SERVICES)]
ROW = re.compile(
    r"\| `(?P<name>\w+)` \| (?P<type>\w+) \| (?P<labels>[^|]*) \| (?P<unit>[^|]*) \| `(?P<where>[^|`]+)` \|"
)
UNITS = {"seconds": "seconds", "bytes": "bytes"}


class Told(NamedTuple):
    """What is said of a metric: on the page, or in the code."""

    type: str
    labels: tuple[str, ...]


def modules() -> Iterator[ModuleType]:
    """All of what services are made of."""
    for package in map(importlib.import_module, PACKAGES):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def wrapped() -> dict[str, MetricWrapperBase]:
    """The metrics that are made once, by the names that Prometheus shows."""
    collectors = [value for module in modules() for value in vars(module).values()]
    found = {id(value): value for value in collectors if isinstance(value, MetricWrapperBase)}
    return {
        f"{metric._name}_total" if metric._type == "counter" else metric._name: metric
        for metric in found.values()
    }


def collected() -> dict[str, Told]:
    """Those that are read from something else when scraped."""
    pool = SimpleNamespace(engine=SimpleNamespace(pool=None), lag=0.0, watched=lambda: True)
    database: Any = SimpleNamespace(primary=SimpleNamespace(pool=None), replica=pool)
    cache: Any = SimpleNamespace(stats=lambda: {"memory": 1})
    return {
        sample.name: Told(family.type, tuple(sorted(sample.labels)))
        for family in PoolAndCacheCollector(database, cache).collect()
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def in_code() -> dict[str, Told]:
    made = {
        name: Told(str(metric._type), tuple(sorted(metric._labelnames))) for name, metric in wrapped().items()
    }
    return made | collected()


@pytest.fixture(scope="module")
def on_page() -> dict[str, re.Match[str]]:
    matches = [ROW.match(line) for line in PAGE.read_text().splitlines()]
    return {match["name"]: match for match in matches if match}


def test_the_page_names_every_metric_of_the_code_and_no_other(
    in_code: dict[str, Told], on_page: dict[str, re.Match[str]]
) -> None:
    assert sorted(on_page) == sorted(in_code)


def test_types_labels_and_units_are_as_the_page_says(
    in_code: dict[str, Told], on_page: dict[str, re.Match[str]]
) -> None:
    said = {
        name: Told(row["type"], tuple(sorted(re.findall(r"`(\w+)`", row["labels"]))))
        for name, row in on_page.items()
    }
    assert said == in_code
    for name, row in on_page.items():
        last = name.removesuffix("_total").rpartition("_")[2]
        assert (row["unit"].strip() == UNITS.get(last)) == (last in UNITS), name


def test_each_metric_is_made_where_the_page_says(on_page: dict[str, re.Match[str]]) -> None:
    for name, row in on_page.items():
        base = name.removesuffix("_total")
        text = (ROOT / row["where"]).read_text()
        assert f'"{base}"' in text or (base.startswith("db_pool_") and f'"{base[8:]}"' in text), name


def test_no_metric_is_made_elsewhere_than_at_a_modules_top() -> None:
    """Only there is it made once, and found by this test."""
    loaded = {id(metric) for metric in wrapped().values()}
    ours = [name for name in REGISTRY._collector_to_names if isinstance(name, MetricWrapperBase)]
    assert [metric._name for metric in ours if id(metric) not in loaded] == []


def test_alerts_and_dashboards_find_what_the_process_itself_tells() -> None:
    names = {family.name for family in REGISTRY.collect()}
    assert {"process_resident_memory_bytes", "process_cpu_seconds", "process_open_fds"} <= names
    assert {"process_start_time_seconds", "python_gc_collections"} <= names
