"""What the processes of a service load: loading is most of what it costs to start them, and a third of their memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stack.services import SERVICES
from tests.conftest import ROOT


def loaded(*modules: str, then: str) -> set[str]:
    """The packages that a process has after it has imported these, and done that."""
    program = f"import json, sys, {', '.join(modules)}; {then}; print(json.dumps(list(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


def of_all(*modules: str) -> list[str]:
    return [f"{service.module}.{module}" for service in SERVICES for module in ("definition", *modules)]


ROUTES = "; ".join(f"{service.module}.definition.definition.routers(None)" for service in SERVICES)
TRACING = {
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.resources",
    "opentelemetry.exporter.otlp",
    "google.protobuf",
}
"""Where no collector is named; redis-py would load the second (`shared/shared/__init__.py`)."""


@pytest.mark.parametrize(
    ("modules", "then", "unused"),
    [
        (
            [*of_all("worker"), "shared.worker", "shared.jobs.worker", "shared.cli.main"],
            "pass",
            {"fastapi", "alembic", "werkzeug"},
        ),
        (
            [*of_all(), "shared.web.app", "shared.web.server", "shared.cli.main"],
            ROUTES,
            {"pgqueuer", "aiohttp", "alembic", "werkzeug", "shared.worker", *of_all("worker")} - {*of_all()},
        ),
    ],
    ids=["worker", "api"],
)
def test_a_process_loads_nothing_that_only_others_use(
    modules: list[str], then: str, unused: set[str]
) -> None:
    assert not loaded(*modules, then=then) & (unused | TRACING)
