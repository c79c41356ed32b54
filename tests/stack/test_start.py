"""What the processes of a service load: loading is most of what it costs to start them, and a third of their memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stack.services import SERVICES
from tests.conftest import ROOT


def loaded(*modules: str) -> set[str]:
    """The packages that a process has after it has imported these."""
    program = f"import json, sys, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


def of_all(*modules: str) -> list[str]:
    return [f"{service.module}.{module}" for service in SERVICES for module in ("definition", *modules)]


@pytest.mark.parametrize(
    ("modules", "unused"),
    [
        (
            [*of_all("worker"), "shared.worker", "shared.jobs.worker", "shared.cli.main"],
            {"fastapi", "alembic", "werkzeug", *of_all("routes")} - {*of_all()},
        ),
        (
            [*of_all("routes"), "shared.web.app", "shared.web.server", "shared.cli.main"],
            {"pgqueuer", "aiohttp", "alembic", "werkzeug", "shared.worker", *of_all("worker")} - {*of_all()},
        ),
    ],
    ids=["worker", "api"],
)
def test_a_process_loads_nothing_that_only_others_use(modules: list[str], unused: set[str]) -> None:
    assert not loaded(*modules) & unused
