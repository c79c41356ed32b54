from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def migrations() -> Path:
    return Path(__file__).parent.parent / "sample_migrations"


@pytest.fixture
def database_name() -> str:
    return "sample"
