"""The whole stack, once per run, for the tests that cross services.

Tests marked `stack` stay together in one worker (`pytest -n 2 --dist loadgroup`), so that there is one stack.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from monitoring.tools import Tools, fetch
from testing.otlp import Collector
from tests import not_run

ROOT = Path(__file__).parent.parent
UP_SECONDS, DOWN_SECONDS = 180, 60


@dataclass(frozen=True)
class RunningStack:
    """What `stack.json` says: addresses, and users with `email` and `password`. `directory` is its STACK_DIR."""

    directory: Path
    gateway: str
    services: dict[str, str]
    workers: dict[str, str]
    sandbox: str
    networks: str
    databases: dict[str, str]
    redis: str
    users: dict[str, dict[str, str]]

    async def execute(self, service: str, statement: str) -> None:
        """One statement in a service's database, for what no client can do: let time pass."""
        connection = await asyncpg.connect(self.databases[service])
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @classmethod
    def read(cls, directory: Path) -> RunningStack:
        content: dict[str, Any] = json.loads((directory / "stack.json").read_text())
        known = {name: content[name] for name in cls.__dataclass_fields__ if name != "directory"}
        return cls(directory=directory, **known)


def run_stack(
    directory: Path, command: str, *, seconds: float = UP_SECONDS, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m stack` as make does, on free ports, without waiting for the disk."""
    settings = {"STACK_DIR": str(directory), "STACK_PORTS": "free", "STACK_FSYNC": "off", **environment}
    return subprocess.run(
        [sys.executable, "-m", "stack", command], cwd=ROOT, env={**os.environ, **settings},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds,
    )  # fmt: skip


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Gets every span of `stack`: all that is tested there is tested with traces."""
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="session")
def stack_settings(collector: Collector) -> dict[str, str]:
    """How `stack` is started, for who starts more beside it; the gateway's limits are wide."""
    return {"LIMIT_SCALE": "20", "OTLP_ENDPOINT": collector.url}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, stack_settings: dict[str, str]) -> Iterator[RunningStack]:
    """A whole running stack of this run's own."""
    _only_here(tmp_path_factory)
    directory = tmp_path_factory.mktemp("stack")
    try:
        started = run_stack(directory, "up", seconds=UP_SECONDS, **stack_settings)
        assert started.returncode == 0, started.stdout
        yield RunningStack.read(directory)
    finally:
        stopped = run_stack(directory, "clean", seconds=DOWN_SECONDS)
        assert stopped.returncode == 0, stopped.stdout


@pytest.fixture(scope="session")
def monitoring_tools() -> Tools:
    """Prometheus and its like: on PATH, or fetched once for this checkout, as `make monitoring-tools` does."""
    tools = Tools()
    fetch(tools)
    return tools


def _only_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Groups that silently no longer hold would start a stack in each worker, and all of them slowly."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        mark = tmp_path_factory.getbasetemp().parent / "stack-of-this-run"
        assert not mark.exists(), "another worker has a stack: the group `stack` is not kept together"
        mark.touch()


def pytest_addoption(parser: pytest.Parser) -> None:
    said = "how many times faster than the committed rules the alerts' proof runs; 1: as committed (make alert-proof)"
    parser.addoption("--pace", type=float, default=24, help=said)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("stack"):
            item.add_marker(pytest.mark.xdist_group("stack"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    not_run.report(terminalreporter, config)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not_run.is_all(session.config):
        session.exitstatus = pytest.ExitCode.OK
