"""Processes that leave the processors to others."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, os
from shared.process import AUTOGROUP, give_way

def group():  # nothing, where a kernel has no autogroups, or has put this process into none
    return AUTOGROUP.read_text().split()[-1:] if AUTOGROUP.exists() else []

own, before = os.nice(0), group()
give_way(7)
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
