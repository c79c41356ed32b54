"""The report of the objectives, from a real Prometheus that holds what was recorded in the last hours."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from monitoring import ROOT
from monitoring.errors import Unreachable, WrongSetting
from monitoring.slo import Prometheus, report
from monitoring.tools import Tools

RATES = {  # requests, failed, slow
    "gateway": (20.0, 0.01, 0.1),
    "sns": (10.0, 0.05, 0.05),
    "ai": (0.0, 0.0, 0.0),
}
NAMES = ("service:requests:rate5m", "service:errors:rate5m", "service:slow_requests:rate5m")
SECONDS = 30.0


def backfill(tools: Tools, folder: Path) -> None:
    """Four hours of recorded rates, until now."""
    now = int(time.time())
    lines = []
    for position, name in enumerate(NAMES):
        lines.append(f"# TYPE {name} gauge")
        for service, rates in RATES.items():
            times = range(now - 4 * 3600, now, 60)
            lines += [f'{name}{{service="{service}"}} {rates[position]} {moment}' for moment in times]
    (folder / "recorded.txt").write_text("\n".join([*lines, "# EOF", ""]))
    create = ("tsdb", "create-blocks-from", "openmetrics", folder / "recorded.txt", folder / "data")
    command = [*tools.command("promtool"), *map(str, create)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture
def address(tools: Tools, tmp_path: Path, free_ports: Callable[[], int]) -> Iterator[str]:
    backfill(tools, tmp_path)
    (tmp_path / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    port = free_ports()
    command = [
        *tools.command("prometheus"), f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            await_ready(f"http://127.0.0.1:{port}/-/ready", tmp_path / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def await_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urlopen(url, timeout=1):  # noqa: S310
                return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            threading.Event().wait(0.05)


def test_each_service_s_objectives_are_told_with_what_is_left(address: str) -> None:
    heading, *rows = list(report(Prometheus(address), window="30d"))
    assert heading.split("  ")[0] == "service"
    assert [row.split()[:2] for row in rows] == [
        ["gateway", "availability"], ["gateway", "latency"], ["sns", "availability"], ["sns", "latency"],
    ]  # fmt: skip
    assert rows[0].split()[2:] == ["99.9", "%", "99.950", "%", "50.0", "%", "99.950", "%"]
    assert rows[2].split()[4:9] == ["99.500", "%", "spent", "(-400", "%)"]
    assert rows[3].split()[6:8] == ["50.0", "%"]


class Fresh(Prometheus):
    """One that has only just been started."""

    def by_service(self, query: str) -> dict[str, float]:
        return {}


def test_a_prometheus_that_has_seen_no_requests_says_so() -> None:
    assert list(report(Fresh("http://here"), window="30d")) == [
        "http://here has seen no requests within 30d: nothing to report yet"
    ]


def test_the_command_prints_the_table(address: str) -> None:
    command = [sys.executable, "-m", "monitoring", "slo", "--address", address]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == list(report(Prometheus(address), window="30d"))


def test_nobody_there_and_somebody_else_there_are_said(free_ports: Callable[[], int]) -> None:
    with pytest.raises(Unreachable, match=r"no Prometheus answers at .*make up WATCH=1.*ADDRESS="):
        list(report(Prometheus(f"http://127.0.0.1:{free_ports()}"), window="30d"))


@pytest.mark.parametrize("window", ["", "30", "0d", "30d]", "1y"])
def test_a_wrong_window_is_answered_with_what_is_allowed(window: str) -> None:
    with pytest.raises(WrongSetting, match="allowed is a number of m, h, d or w"):
        list(report(Prometheus("http://127.0.0.1:9"), window=window))
