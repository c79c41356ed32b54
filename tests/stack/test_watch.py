"""WATCH=1: what watches the stack is told of every process, and says what to install where it is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from monitoring import receivers
from monitoring.tools import Tools
from stack import monitoring
from stack.control import Control
from stack.directory import Credentials, RunDirectory
from stack.errors import StackError, WrongArgument
from stack.options import part_names, read_options, wanted_ports
from stack.plan import Stack
from stack.services import NAMES
from stack.status import write_summary
from tests.conftest import ROOT, run_stack


def planned(directory: Path, only: str = "", **environment: str) -> Stack:
    """A stack that was asked for so; nothing is started."""
    run = RunDirectory(directory)
    options = read_options({"WATCH": "1", **environment}, only=frozenset(only.split()) or None)
    return Control(run).stack(options, wanted_ports(options), Credentials(run))


def targets(stack: Stack) -> list[tuple[str, str]]:
    return [
        (target.labels.get("service", ""), target.labels["component"])
        for target in stack.monitoring().targets()
    ]


def asked(url: str) -> Any:
    with urlopen(url) as answer:  # noqa: S310 - of a stack of ours
        return json.load(answer)["data"]


def of_others() -> set[str]:
    """What rules read of exporters that run beside the stack; a histogram by its first series."""
    lines = (ROOT / "monitoring" / "tests" / "exporters.txt").read_text().splitlines()
    names = {words[0] for line in lines if (words := line.split())[-1:] == ["here"]}
    return {f"{name}_bucket" if name.endswith("rq_time") else name for name in names}


def test_every_process_of_every_service_is_scraped_with_its_name_and_kind(tmp_path: Path) -> None:
    found = targets(planned(tmp_path, SCALE="sns=3"))
    for name in NAMES:
        assert found.count((name, "api")) == 1
        assert found.count((name, "worker")) == (3 if name == "sns" else 1)
    assert ("gateway", "gateway") in found


def test_the_servers_are_scraped_and_the_replica_where_there_is_one(tmp_path: Path) -> None:
    servers = {component for _, component in targets(planned(tmp_path))} - {"api", "worker", "gateway"}
    assert servers == {"postgres", "redis", "node", "prometheus", "alertmanager"}
    assert ("", "replica") in targets(planned(tmp_path, REPLICAS="1"))


def test_what_does_not_run_is_not_scraped(tmp_path: Path) -> None:
    assert ("gateway", "gateway") not in targets(planned(tmp_path, GATEWAY="none"))
    assert targets(planned(tmp_path, only="prometheus coocook-api")) == [
        ("coocook", "api"),
        ("", "prometheus"),
    ]


def test_without_watch_none_of_it_runs() -> None:
    options = read_options({"REPLICAS": "1"})
    watching = set(part_names(read_options({"WATCH": "1", "REPLICAS": "1"}))) - set(part_names(options))
    assert watching == {
        "prometheus", "alertmanager", "exporter-postgres", "exporter-replica", "exporter-valkey", "exporter-node",
    }  # fmt: skip
    assert not watching & wanted_ports(options).keys()


def test_the_end_of_up_names_prometheus_and_alertmanager(tmp_path: Path) -> None:
    lines = write_summary(planned(tmp_path)).lines()
    assert "  prometheus         http://127.0.0.1:8190" in lines
    assert "  alertmanager       http://127.0.0.1:8191" in lines


def test_missing_programs_are_named_with_their_packages_and_the_way_without_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(monitoring, "Tools", lambda: Tools(tmp_path))
    with pytest.raises(StackError) as refused:
        monitoring.require_tools()
    for said in (
        "make monitoring-tools", "without root", "apt-get install prometheus prometheus-alertmanager",
        "prometheus-postgres-exporter", "prometheus-redis-exporter", "prometheus-node-exporter",
    ):  # fmt: skip
        assert said in str(refused.value)


def test_programs_that_have_gone_do_not_keep_anybody_from_looking_at_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tools, "find", lambda self, name: None)
    assert "prometheus" in [program.name for program in planned(tmp_path).programs()]


def test_make_refuses_what_watch_may_not_be() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "stack", "up"], cwd=ROOT, env={"WATCH": "yes"}, capture_output=True, text=True
    )
    assert (told.returncode, told.stderr) == (2, "WATCH=yes: allowed are 0, 1\n")


def test_alertmanager_tells_whom_the_settings_name(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/alerts"
    stack = planned(tmp_path, ALERT_WEBHOOK_URL=url)
    (alertmanager,) = (program for program in stack.programs() if program.name == "alertmanager")
    alertmanager.prepare()
    assert url in (tmp_path / "alertmanager.yml").read_text()
    assert (tmp_path / "alertmanager.yml").stat().st_mode & 0o777 == 0o600
    assert url not in repr(stack.options)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALERT_SLACK", "x", "ALERT_SLACK: no such setting. Allowed are ALERT_PAGERDUTY_KEY"),
        ("ALERT_WEBHOOK_URL", "x", "ALERT_WEBHOOK_URL: needed is an address"),
    ],
)
def test_a_wrong_setting_of_receivers_is_refused_before_anything_starts(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(WrongArgument, match=said):
        read_options({"WATCH": "1", name: value})
    assert read_options({name: value}).alerts == {}


def test_make_up_takes_every_setting_of_receivers() -> None:
    given = [f"{name}=" for name in receivers.NAMES]
    told = subprocess.run(["make", "help", *given], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


@pytest.mark.stack
def test_everything_is_up_once_make_up_is_done(tmp_path: Path, monitoring_tools: Tools) -> None:
    parts = "postgres replica valkey platform gateway exporter prometheus alertmanager"
    try:
        started = run_stack(tmp_path, "up", WATCH="1", REPLICAS="1", ONLY=parts)
        assert started.returncode == 0, started.stdout
        prometheus = json.loads((tmp_path / "stack.json").read_text())["prometheus"]
        samples = asked(f"{prometheus}/api/v1/query?query=up%20or%20pg_up%20or%20redis_up")["result"]
        assert {sample["metric"]["component"] for sample in samples} >= {
            "api", "worker", "gateway", "postgres", "replica", "redis", "node", "prometheus", "alertmanager",
        }  # fmt: skip
        assert [sample for sample in samples if sample["value"][1] != "1"] == []
        groups = asked(f"{prometheus}/api/v1/rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
        assert len(rules) > 50
        assert of_others() - set(asked(f"{prometheus}/api/v1/label/__name__/values")) == set()
    finally:
        stopped = run_stack(tmp_path, "clean", seconds=60)
        assert stopped.returncode == 0, stopped.stdout
