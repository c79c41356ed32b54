"""Whatever happened before, the next `up` works, and `down` leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from testing import eventually
from tests.stack.driver import SmallStack

pytestmark = pytest.mark.xdist_group("stack")


def test_a_second_up_starts_nothing_and_says_the_same(small: SmallStack) -> None:
    before = small.pids()
    printed = small("up")
    assert small.pids() == before
    assert "runs already" in printed
    assert "started" not in printed


def test_down_leaves_no_process_and_keeps_the_data(small: SmallStack) -> None:
    assert "no process left" in small("down")
    assert small.pids() == {}
    assert (small.root / "data" / "postgres" / "PG_VERSION").exists()
    assert "nothing runs" in small("status", status=1)


def test_clean_leaves_nothing(small: SmallStack) -> None:
    small("clean")
    assert [path.name for path in small.root.iterdir()] == ["lock"]


async def test_a_killed_server_is_started_again(small: SmallStack) -> None:
    killed = {part: small.kill(part) for part in ("postgres", "valkey")}

    async def others_took_their_place() -> bool:
        return all(small.is_new(part, old) for part, old in killed.items()) and small.is_well()

    await eventually(others_took_their_place, within=20)


def test_up_recovers_from_a_killed_supervisor(small: SmallStack) -> None:
    before = small.pids()
    small.kill("supervisor")
    assert "make up" in small("status", status=1)
    assert "ending what an interrupted run left: postgres, valkey" in small("up")
    after = small.pids()
    assert not set(after.values()) & set(before.values())
    small("status")


def test_down_ends_what_a_killed_supervisor_left(small: SmallStack) -> None:
    small.kill("supervisor")
    small("down")
    assert small.pids() == {}


def test_up_recovers_when_everything_was_killed_and_the_ids_belong_to_others(small: SmallStack) -> None:
    for part in ("supervisor", "postgres", "valkey"):
        small.kill(part)
    small("down")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        lock = small.root / "data" / "postgres" / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{lock.parent}\n")
        (small.root / "supervisord.pid").write_text(f"{stranger.pid}\n")
        small("up")
        small("status")
        small("down")
        assert stranger.poll() is None
        stranger.communicate()


def test_up_goes_on_after_ctrl_c(make_stack: Callable[[str], SmallStack]) -> None:
    stack = make_stack("interrupted")
    begun = stack.begin("up")
    assert begun.stdout is not None
    begun.stdout.readline()  # the first part has started, others are on their way
    os.killpg(begun.pid, signal.SIGINT)
    printed, _ = begun.communicate(timeout=30)
    assert begun.returncode == 130, printed
    stack("up")
    stack("status")


def test_up_goes_on_after_it_was_killed(make_stack: Callable[[str], SmallStack]) -> None:
    stack = make_stack("killed")
    begun = stack.begin("up")
    assert begun.stdout is not None
    begun.stdout.readline()
    begun.kill()
    begun.communicate(timeout=30)
    stack("up")
    stack("status")


def test_a_second_command_at_the_same_time_is_told_so(small: SmallStack) -> None:
    with small.control.directory.locked():
        assert "another command" in small("up", status=1)


def test_lost_passwords_are_said_and_not_replaced(small: SmallStack) -> None:
    (small.root / "secrets.json").unlink()
    assert "cannot be opened without it" in small("up", status=1)
    small("clean")
    assert small.pids() == {}
    small("up")


def test_up_recovers_when_it_can_no_longer_speak_to_its_supervisor(small: SmallStack) -> None:
    before = small.pids()
    (small.root / "ports.json").unlink()
    small("up")
    assert not set(small.pids().values()) & set(before.values())
    small("status")
