"""Traces as they are rendered and compiled: off as committed, on where a collector is named."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from gateway.compiler import compile_gateway
from gateway.compiler.tracing import COLLECTOR
from gateway.errors import GatewayError, NotSupported
from gateway.model import KongFile
from gateway.render import Deployment, render
from gateway.tests.conftest import config


def rendered(data: dict[str, Any], **traces: Any) -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load(render(data, Deployment(closed=True, **traces)))
    return text


def manager(data: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The connection manager, and the names of the clusters."""
    compiled = compile_gateway(KongFile.model_validate(data), port=1)
    (listening,) = compiled.listener["filter_chains"][0]["filters"]
    return listening["typed_config"], [cluster["name"] for cluster in compiled.clusters]


def test_without_a_collector_nothing_is_traced(committed: dict[str, Any]) -> None:
    data = rendered(committed)
    assert not next(plugin for plugin in data["plugins"] if plugin["name"] == "opentelemetry")["enabled"]
    compiled, clusters = manager(data)
    assert "tracing" not in compiled
    assert COLLECTOR not in clusters


def test_a_collector_and_a_share_are_rendered_for_kong_and_for_envoy(committed: dict[str, Any]) -> None:
    data = rendered(committed, otlp="http://10.0.0.9:4318/", trace_ratio=0.25)
    assert next(plugin for plugin in data["plugins"] if plugin["name"] == "opentelemetry")["enabled"]
    said = config(data, "opentelemetry")
    assert (said["traces_endpoint"], said["sampling_rate"]) == ("http://10.0.0.9:4318/v1/traces", 0.25)
    compiled, clusters = manager(data)
    provider = compiled["tracing"]["provider"]["typed_config"]
    assert provider["http_service"]["http_uri"]["uri"] == said["traces_endpoint"]
    share = provider["sampler"]["typed_config"]["sampling_percentage"]
    assert share == {"numerator": 250_000, "denominator": "MILLION"}
    assert clusters[-1] == COLLECTOR


@pytest.mark.parametrize(
    "otlp", ["collector:4318", "grpc://collector:4317", "http://collector/v1/traces", "http://"]
)
def test_what_is_no_address_of_a_collector_is_refused(committed: dict[str, Any], otlp: str) -> None:
    with pytest.raises(GatewayError, match="--otlp"):
        rendered(committed, otlp=otlp)


@pytest.mark.parametrize("ratio", [-0.1, 1.5, float("nan")])
def test_a_share_is_between_nothing_and_everything(committed: dict[str, Any], ratio: float) -> None:
    with pytest.raises(GatewayError, match="--trace-ratio"):
        rendered(committed, otlp="http://collector:4318", trace_ratio=ratio)


def test_the_local_gateway_says_that_it_sends_no_spans_by_https(committed: dict[str, Any]) -> None:
    with pytest.raises(NotSupported, match="https"):
        manager(rendered(committed, otlp="https://collector:4318"))
