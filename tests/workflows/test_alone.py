"""`make alone`: a service needs shared, what the lock file says, and nothing else of the repository."""

from __future__ import annotations

import subprocess

import pytest

from stack.services import NAMES
from tests.alone import LOCK, ROOT


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "alone", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("service", NAMES)
def test_it_installs_and_starts_beside_shared_alone(service: str) -> None:
    result = make(f"SERVICE={service}", "ARGS=--install-only")
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_unknown_service_is_answered_with_those_there_are() -> None:
    result = make("SERVICE=cocook")
    assert result.returncode == 2
    assert all(service in result.stderr for service in NAMES)


def test_the_lock_file_names_a_uv_for_machines_without_one() -> None:
    assert "\nuv==" in LOCK.read_text()
