"""The collector's configuration says what the code says."""

from __future__ import annotations

from typing import Any

import yaml

from shared.observability.tracing import KEPT
from shared.settings import ServiceSettings
from tests.conftest import ROOT

CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "monitoring" / "otel-collector.yaml").read_text())
POLICIES = {policy["name"]: policy for policy in CONFIG["processors"]["tail_sampling"]["policies"]}


def test_what_is_sent_although_it_was_not_recorded_is_kept() -> None:
    assert POLICIES["kept"]["string_attribute"] == {"key": KEPT, "values": ["error", "slow"]}
    assert POLICIES["errors"]["status_code"] == {"status_codes": ["ERROR"]}


def test_slow_is_what_the_services_call_slow() -> None:
    (condition,) = POLICIES["slow"]["ottl_condition"]["span"]
    seconds: float = ServiceSettings.model_fields["slow_request_seconds"].default
    assert condition.endswith(f"> {round(seconds * 1e9)}")


def test_every_part_of_a_pipeline_is_configured() -> None:
    for pipeline in CONFIG["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            assert set(names) <= CONFIG[kind].keys(), kind
    assert CONFIG["receivers"]["otlp"]["protocols"]["http"]["endpoint"].endswith(":4318")
