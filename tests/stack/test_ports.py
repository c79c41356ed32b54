from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.control import PORT_STEP, Ports
from stack.directory import RunDirectory
from testing.local_servers.process import free_port, is_free


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on, with a free one PORT_STEP above."""
    with socket.socket() as server:
        while True:
            port = free_port()
            if port + PORT_STEP < 65536 and is_free(port + PORT_STEP):
                break
        server.bind(("127.0.0.1", port))
        server.listen()
        yield port


def test_a_taken_port_is_named_and_another_used(directory: RunDirectory, taken: int) -> None:
    said: list[str] = []
    chosen = Ports(directory).choose({"web": taken}, running=(), report=said.append)
    assert chosen == {"web": taken + PORT_STEP}
    assert said == [f"port {taken} of web is taken: {taken + PORT_STEP} instead"]


def test_a_part_keeps_its_port_between_runs(directory: RunDirectory, taken: int) -> None:
    first = Ports(directory).choose({"web": taken}, running=(), report=lambda _: None)
    said: list[str] = []
    assert Ports(directory).choose({"web": taken}, running=(), report=said.append) == first
    assert said == []


def test_a_remembered_port_that_somebody_took_meanwhile_is_given_up(
    directory: RunDirectory, taken: int
) -> None:
    wanted = {"web": taken + PORT_STEP}
    Ports(directory).choose(wanted, running=(), report=pytest.fail)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", taken + PORT_STEP))
        stranger.listen()
        chosen = Ports(directory).choose(wanted, running=(), report=lambda _: None)
    assert chosen != wanted


def test_a_running_part_keeps_the_port_that_it_holds_itself(directory: RunDirectory, taken: int) -> None:
    wanted = {"web": taken + PORT_STEP}
    Ports(directory).choose(wanted, running=(), report=lambda _: None)
    with socket.socket() as itself:
        itself.bind(("127.0.0.1", taken + PORT_STEP))
        assert Ports(directory).choose(wanted, running={"web"}, report=pytest.fail) == wanted


def test_another_wish_makes_the_remembered_port_void(directory: RunDirectory, taken: int) -> None:
    Ports(directory).choose({"web": taken}, running=(), report=lambda _: None)
    other = free_port()
    assert Ports(directory).choose({"web": other}, running=(), report=pytest.fail) == {"web": other}


def test_where_any_port_will_do_only_a_remembered_one_is_missed(directory: RunDirectory, taken: int) -> None:
    known = Ports(directory).choose({"web": taken}, running=(), report=pytest.fail, any_free=True)["web"]
    said: list[str] = []
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", known))
        stranger.listen()
        chosen = Ports(directory).choose({"web": taken}, running=(), report=said.append, any_free=True)["web"]
    assert said == [f"port {known} of web is taken: {chosen} instead"]


def test_no_two_parts_get_the_same_port(directory: RunDirectory, taken: int) -> None:
    chosen = Ports(directory).choose({"a": taken, "b": taken + PORT_STEP}, running=(), report=lambda _: None)
    assert chosen["b"] == taken + PORT_STEP
    assert chosen["a"] != chosen["b"]


def test_a_half_written_file_of_ports_is_not_tripped_over(directory: RunDirectory) -> None:
    (directory.root / "ports.json").write_text('{"web": {"wan')
    port = free_port()
    assert Ports(directory).choose({"web": port}, running=(), report=pytest.fail) == {"web": port}
