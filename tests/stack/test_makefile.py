from __future__ import annotations

import re
import subprocess

import pytest

from tests.conftest import ROOT

TARGETS = {
    "up", "down", "restart", "status", "logs", "clean", "seed", "exec", "test", "lint", "types", "contracts", "format",
    "bench", "new-migration", "rotate-keys", "lock", "compat", "snapshots", "policies", "policies-lock", "alone",
    "kong-config", "images", "compose-up", "compose-down", "test-containers",
    "monitoring-tools", "slo", "alertmanager-config", "alert-proof", "dashboards",
    "monitoring-manifests",
}  # fmt: skip


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("arguments", [(), ("help",)])
def test_make_prints_its_targets(arguments: tuple[str, ...]) -> None:
    printed = make(*arguments).stdout.split()
    assert set(printed) >= TARGETS


def test_a_misspelt_variable_is_answered_with_those_there_are() -> None:
    result = make("up", "GATEWY=none")
    assert result.returncode == 2
    assert "GATEWY: no such variable. Allowed are GATEWAY GATEWAY_PORT" in result.stderr


def test_a_misspelt_target_is_answered_with_those_there_are() -> None:
    result = make("upp")
    assert result.returncode == 2
    assert set(result.stderr.split()) >= TARGETS


def test_a_target_has_what_its_commands_need_installed() -> None:
    rules = re.findall(r"^([a-z-]+):(.*?) ##.*\n((?:\t.*\n)*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target, first, commands in rules:
        checks = re.search(r"\$\(BIN\)/|\$\(RUN\) -m (tests|containers lock|monitoring.dashboards)", commands)
        runs = re.search(r"\$\(RUN\) -m (stack|gateway|containers|monitoring)", commands)
        needs = ".venv" if checks else ".venv-to-run" if runs else ""
        before = {".venv" if name == "lint" else name for name in first.split()}
        assert needs in {"", *before}, f"{target} needs {needs}"
