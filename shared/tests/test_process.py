"""shared.process and shared.start: loading without collecting garbage, and leaving the processors to others."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.process import freeze_garbage_collector
from shared.start import start

MODULE = """
import gc
collects = gc.isenabled()
definition = "the definition"
"""


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """On afterwards, whatever a test found."""
    yield
    gc.enable()


def test_a_service_is_loaded_without_collecting_garbage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loaded_at_start.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    ran: list[object] = []

    def main(definition: object) -> int:
        ran.append(definition)
        return 3

    monkeypatch.setattr("shared.cli.main.main", main)
    assert start("loaded_at_start") == 3
    assert ran == ["the definition"]
    import loaded_at_start  # type: ignore[import-not-found]

    assert not loaded_at_start.collects


def test_who_has_settled_collects_but_not_what_was_there() -> None:
    gc.disable()
    gc.unfreeze()  # the tests' own process has settled
    freeze_garbage_collector()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000


PROGRAM = """
import json, os
from shared.process import AUTOGROUP, lower_priority

def group():  # nothing, where a kernel has no autogroups, or has put this process into none
    return AUTOGROUP.read_text().split()[-1:] if AUTOGROUP.exists() else []

own, before = os.nice(0), group()
lower_priority(7)
print(json.dumps([os.nice(0) - own, before, group()]))
"""


def given_way(*, session: bool) -> tuple[int, list[str], list[str]]:
    """The niceness of a process that has given way by 7, and its session's before and after."""
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(command, start_new_session=session, capture_output=True, text=True, check=True)
    niceness, before, after = json.loads(run.stdout)
    return niceness, before, after


def test_who_leads_a_session_makes_it_as_nice() -> None:
    niceness, before, after = given_way(session=True)
    assert (niceness, after) == (7, ["7"] if before else [])


def test_who_is_in_anothers_session_leaves_it_as_it_is() -> None:
    niceness, before, after = given_way(session=False)
    assert (niceness, after) == (7, before)
