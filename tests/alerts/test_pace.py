"""What the proof's faster rules are: the committed ones, with every duration divided and nothing else changed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from monitoring import RULES
from monitoring.alertmanager import configuration
from monitoring.tools import Tools
from tests.alerts.pace import Pace, seconds_of


@pytest.mark.parametrize(
    ("written", "seconds"), [("5m", 300), ("1h30m", 5400), ("1d", 86_400), ("250ms", 0.25), ("2w", 1_209_600)]
)
def test_durations_are_read_as_prometheus_writes_them(written: str, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize("wrong", ["", "5", "m", "5 m", "-5m", "5min"])
def test_what_is_no_duration_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds_of(wrong)


@pytest.mark.parametrize(
    ("committed", "faster"),
    [
        ("rate(x_total[5m]) > 0.01", "rate(x_total[15000ms]) > 0.01"),
        ("max_over_time(rate(x[5m])[1h:1m])", "max_over_time(rate(x[15000ms])[180000ms:3000ms])"),
        ("max_over_time(x[1h:])", "max_over_time(x[180000ms])"),
        ("max by (service) (jobs_oldest_seconds) > 300", "max by (service) (jobs_oldest_seconds) > 15"),
        ("service:request_duration_seconds:p99 > 1", "service:request_duration_seconds:p99 > 1"),
        ('x{route=~"[a-z]"} >= 1000', 'x{route=~"[a-z]"} >= 1000'),
    ],
)
def test_ranges_and_ages_are_divided_and_nothing_else(committed: str, faster: str) -> None:
    assert Pace(20).expression(committed) == faster


@pytest.mark.parametrize("file", sorted(RULES.glob("*.yml")), ids=lambda file: file.stem)
def test_prometheus_takes_the_faster_rules_which_are_the_committed_ones(
    monitoring_tools: Tools, tmp_path: Path, file: Path
) -> None:
    committed = yaml.safe_load(file.read_text())
    (tmp_path / file.name).write_text(Pace(24).rules(file.read_text()))
    command = [*monitoring_tools.command("promtool"), "check", "rules", str(tmp_path / file.name)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    faster = yaml.safe_load((tmp_path / file.name).read_text())
    assert _without_times(faster) == _without_times(committed)
    assert (
        yaml.safe_load(Pace(1).rules(file.read_text()))["groups"][0]["name"] == committed["groups"][0]["name"]
    )


def _without_times(content: object) -> str:
    text = re.sub(r"\s+", " ", yaml.safe_dump(content, sort_keys=False, width=10_000))
    text = re.sub(r"_oldest_seconds\)* > [\d.]+", "_oldest_seconds", text)
    return re.sub(r"\b\d+(?:ms|[smhd])\b(?=\]|  *labels| *-|$)", "T", text)


def test_alertmanager_gathers_faster_and_tells_the_same_people() -> None:
    told = yaml.safe_load(Pace(20).alertmanager(configuration({"ALERT_WEBHOOK_URL": "http://127.0.0.1:9/"})))
    assert told["route"]["group_wait"] == "3000ms"
    assert told["route"]["routes"][0]["group_wait"] == "750ms"
    assert [receiver["name"] for receiver in told["receivers"]] == ["pages", "tickets"]
