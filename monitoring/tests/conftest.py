"""The programs that the tests of rules and configurations run."""

from __future__ import annotations

import pytest

from monitoring.tools import Tools, fetch


@pytest.fixture(scope="session")
def tools() -> Tools:
    """On PATH, or fetched once for this checkout, as `make monitoring-tools` does."""
    found = Tools()
    fetch(found)
    return found
