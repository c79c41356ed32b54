"""The pytest plugin: `pytest_plugins = ["testing.plugin"]` in the root's conftest.py."""

from __future__ import annotations

import os
from typing import Any

import pytest

from shared.process import freeze_garbage_collector
from testing.fixtures import *  # noqa: F403
from testing.fixtures import POSTGRES
from testing.servers import DisposableServers
from testing.service_fixtures import *  # noqa: F403

pytest.register_assert_rewrite("testing.conformance")

_SERVERS = pytest.StashKey[DisposableServers]()


class XdistController:
    """With xdist the process that collects results holds the server, since a worker may end before another."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        config: pytest.Config = node.config
        if _SERVERS not in config.stash:
            config.stash[_SERVERS] = DisposableServers(["postgres"])
        node.workerinput[POSTGRES] = config.stash[_SERVERS].urls["postgres"]


def pytest_configure(config: pytest.Config) -> None:
    worker_input: dict[str, str] | None = getattr(config, "workerinput", None)
    if worker_input is None:
        config.pluginmanager.register(XdistController())
    elif POSTGRES in worker_input:
        os.environ[POSTGRES] = worker_input[POSTGRES]


def pytest_collection_finish() -> None:
    """What is loaded by now stays; walking it all again and again took a tenth of the tests' time."""
    freeze_garbage_collector()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVERS in config.stash:
        config.stash[_SERVERS].close()
