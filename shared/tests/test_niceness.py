"""Processes that leave the processors to others."""

from __future__ import annotations

import subprocess
import sys

from shared.niceness import AUTOGROUP

GROUP = AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else "none"
PROGRAM = """
import os
from shared.niceness import AUTOGROUP, give_way
give_way(7)
print(os.nice(0), AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else "none")
"""


def given_way(*, session: bool) -> str:
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(
        command, start_new_session=session, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_who_leads_a_session_makes_it_as_nice() -> None:
    assert given_way(session=True) == ("7 none" if GROUP == "none" else "7 7")


def test_who_is_in_anothers_session_leaves_it_as_it_is() -> None:
    assert given_way(session=False) == f"7 {GROUP}"
