"""An engine, the images, and a fleet of containers, once per run: `make test-containers`.

Where no engine can be had the tests are listed as not run; with CONTAINERS=required, as in CI, that is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from containers.engine import Engine, engine, why_impossible
from containers.images import Builder
from tests import not_run
from tests.integration.containers.fleet import Fleet
from tests.integration.containers.previous import WHY_NOT, previous_commit

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if HERE in item.path.parents]
    wanted = "not containers" not in config.option.markexpr
    if ours and wanted and not _required() and (why := why_impossible()):
        not_run.leave_out(config, items, ours, why)
        return
    if not previous_commit():
        needs_history = [item for item in ours if "previous_shared" in item.name]
        not_run.leave_out(config, items, needs_history, WHY_NOT)


def _required() -> bool:
    given = os.environ.get("CONTAINERS") or "auto"
    if given not in {"auto", "required"}:
        raise pytest.UsageError(f"CONTAINERS is auto or required, not {given!r}")
    return given == "required"


@pytest.fixture(scope="session")
def container_engine() -> Iterator[Engine]:
    """The user's engine, or one of our own that ends with the run."""
    with engine() as running:
        os.environ.update(
            DOCKER_HOST=running.host or os.environ.get("DOCKER_HOST", ""),
            TESTCONTAINERS_RYUK_DISABLED="true",
            TESTCONTAINERS_CONNECTION_MODE="docker_host",
            TC_POOLING_INTERVAL="0.1",
            TC_MAX_TRIES="900",
        )
        yield running


@pytest.fixture(scope="session")
def builder(container_engine: Engine) -> Builder:
    """All images, built."""
    builder = Builder.on(container_engine)
    builder.everything()
    return builder


@pytest.fixture(scope="session")
def fleet(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The whole platform in containers; its gateway's limits are wide."""
    fleet = Fleet(builder, tmp_path_factory.mktemp("fleet"))
    try:
        fleet.start()
        yield fleet
    except Exception:
        fleet.print_logs()
        raise
    finally:
        fleet.stop()
