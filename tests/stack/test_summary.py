"""What `make up` says at its end: where everything is that runs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stack.control import Control
from stack.directory import Credentials, RunDirectory
from stack.options import read_options, wanted_ports
from stack.status import Summary, write_summary

Say = Callable[..., Summary]


@pytest.fixture
def summary(tmp_path: Path) -> Say:
    """`summary(only="postgres")`: of a stack that was asked for so; nothing is started."""

    def say(only: str = "", **environment: str) -> Summary:
        directory = RunDirectory(tmp_path)
        options = read_options(environment, only=frozenset(only.split()) or None)
        stack = Control(directory).stack(options, wanted_ports(options), Credentials(directory))
        return write_summary(stack)

    return say


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("postgres valkey", []),
        ("postgres valkey networks", ["fake networks"]),
        ("sandbox", ["payment sandbox"]),
    ],
)
def test_what_does_not_run_is_left_out(summary: Say, only: str, said: list[str]) -> None:
    lines = summary(only=only).lines()
    assert [line.strip().split("  ")[0] for line in lines] == said
    assert "None" not in "".join(lines)


def test_without_the_gateway_the_services_are_named_alone(summary: Say) -> None:
    lines = summary(GATEWAY="none").lines()
    assert not [line for line in lines if "gateway" in line]
    assert any("http://127.0.0.1:8102" in line for line in lines)


def test_development_users_are_named_where_somebody_can_log_in(summary: Say) -> None:
    assert "Development users:" in summary().lines()
    assert "Development users:" not in summary(only="postgres valkey coocook-api").lines()


def test_every_process_of_a_service_says_where_its_metrics_are(summary: Say) -> None:
    said = summary(SCALE="sns=2")
    assert said.content["metrics"]["sns"] == [
        "http://127.0.0.1:8103/metrics",
        "http://127.0.0.1:8113/metrics",
        "http://127.0.0.1:8213/metrics",
    ]
    assert said.content["metrics"].keys() == {"platform", "coocook", "sns", "review", "ai"}
    heading = said.lines().index("Metrics of the API and the workers:")
    for name, addresses in zip(said.content["metrics"], said.lines()[heading + 1 :], strict=False):
        assert addresses.split() == [name, *said.content["metrics"][name]]
