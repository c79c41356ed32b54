"""The programs that the tests of rules and configurations run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitoring.tools import Tools, fetch
from testing.local_servers.process import free_port


@pytest.fixture(scope="session")
def tools() -> Tools:
    """On PATH, or fetched once for this checkout, as `make monitoring-tools` does."""
    found = Tools()
    fetch(found)
    return found


@pytest.fixture
def free_ports() -> Callable[[], int]:
    """Makes ports on which nobody listens."""
    return free_port
