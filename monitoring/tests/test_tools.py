from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from monitoring.errors import MonitoringError, ToolsMissing
from monitoring.tools import PACKAGES, TOOLS, Tools, fetch


def program(folder: Path, name: str) -> Path:
    """Something that can be run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_every_program_can_be_had_and_runs(tools: Tools) -> None:
    for name in TOOLS:
        flag = "-version" if name == "redis-exporter" else "--version"
        ran = subprocess.run([*tools.command(name), flag], capture_output=True, text=True, timeout=30)
        assert ran.returncode == 0, ran.stderr


def test_a_program_on_the_path_is_taken_before_a_fetched_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = Tools(tmp_path / "cache")
    fetched = program(tools.unpacked / "usr" / "bin", "prometheus")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert tools.find("prometheus") == fetched
    own = program(tmp_path / "bin", "prometheus")
    assert tools.command("prometheus") == [str(own)]


@pytest.mark.parametrize("name", ["postgres_exporter", "alertmanager"])
def test_a_program_under_its_upstream_name_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    own = program(tmp_path, name)
    assert Tools(tmp_path / "cache").find(name.replace("_", "-")) == own


def test_missing_programs_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ToolsMissing, match=r"amtool.*\n.*make monitoring-tools.*\n.*install prometheus-alertm"
    ):
        Tools(tmp_path).require(["amtool"])


def test_nothing_is_fetched_where_everything_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in TOOLS.values():
        program(tmp_path / "bin", tool.names[0])
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert not fetch(Tools(tmp_path / "cache"))


def test_without_apt_it_says_what_to_put_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MonitoringError, match="apt-get is not on PATH") as refused:
        fetch(Tools(tmp_path))
    assert all(package in str(refused.value) for package in PACKAGES)


def test_what_apt_refuses_is_said_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = program(tmp_path / "bin", "apt-get")
    apt.write_text("#!/bin/sh\necho 'E: no such index' >&2\nexit 100\n")
    program(tmp_path / "bin", "dpkg-deb")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    tools = Tools(tmp_path / "cache")
    monkeypatch.setattr(Tools, "find", lambda self, name: None)
    kept = program(tools.unpacked / "usr" / "bin", "promtool")
    with pytest.raises(MonitoringError, match="update ended with 100:\nE: no such index"):
        fetch(tools)
    assert kept.exists()
