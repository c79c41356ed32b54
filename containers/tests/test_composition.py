"""The way up, with a `docker` that writes down what it is asked, and a gateway that takes its time to start."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from containers import compose
from containers.compose import Composition
from containers.engine import ContainerError, Engine

DOCKER = """\
#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
*"gateway kong health") [ "$(grep -c 'kong health' "$CALLS")" -gt "$FAILED_CHECKS" ] ;;
*"gateway kong reload") [ "$(grep -c 'kong health' "$CALLS")" -gt "$FAILED_CHECKS" ] ;;
esac
"""


@pytest.fixture
def composition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Composition:
    """With nothing to build, on an engine that is a script."""
    builder = SimpleNamespace(everything=lambda: None, names=SimpleNamespace())
    monkeypatch.setattr(compose, "Builder", SimpleNamespace(on=lambda _: builder))
    monkeypatch.setattr(compose, "PASSWORDS", tmp_path / "compose.json")
    monkeypatch.setattr(compose, "LOOK_SECONDS", 0.01)
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    for name, value in {"CALLS": str(tmp_path / "calls"), "FAILED_CHECKS": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Composition(Engine("", ours=False, environment=dict(os.environ)))


def test_a_gateway_that_is_still_starting_is_reloaded_once_it_answers(
    composition: Composition, tmp_path: Path
) -> None:
    composition.up()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls if " kong " in call] == [
        "health",
        "health",
        "health",
        "reload",
    ]


def test_a_gateway_that_never_answers_is_an_error(
    composition: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "GATEWAY_SECONDS", 0.0)
    with pytest.raises(ContainerError, match="status 1"):
        composition.up()
