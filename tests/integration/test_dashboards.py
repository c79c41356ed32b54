"""Every panel of every dashboard brings data, asked of a Prometheus that has scraped the stack under a small load.

A panel whose metric or label is misspelt brings none, and fails here by its name.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from monitoring.tests.panels import Panel, panels
from monitoring.tools import Tools
from tests.conftest import UP_SECONDS, RunningStack, run_stack
from tests.integration.dashboard_load import WINDOW, Seen, ask, load

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

EMPTY = {
    "Errors of ours": "a healthy stack answers no 5xx",
    "Tries that failed": "no job fails in a healthy stack",
    "Failed commands": "no command fails in a healthy Redis",
    "Slow statements": "none takes over 100 ms, but on a busy machine",
    "Wait for a connection (p95)": "nobody waits for a connection under a small load",
    "Replica's lag": "the stack of the tests has no replica",
    "Replica usable": "the stack of the tests has no replica",
    "Age of the last backup": "nobody makes backups of the stack of the tests",
    "Calls to language models": "the local provider makes no calls",
}
"""Panels that are empty while all is well, by their titles, with the reason. Their names are tested alone."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(
    stack: RunningStack, stack_settings: dict[str, str], monitoring_tools: Tools
) -> AsyncIterator[Seen]:
    """What Prometheus, which is started beside the stack, has seen of the load."""
    watched = run_stack(
        stack.directory, "up", seconds=UP_SECONDS, WATCH="1", STACK_SCRAPE="1s", **stack_settings
    )
    assert watched.returncode == 0, watched.stdout
    prometheus = json.loads((stack.directory / "stack.json").read_text())["prometheus"]
    yield await load(stack, prometheus)
    stopped = run_stack(stack.directory, "up", seconds=UP_SECONDS, **stack_settings)
    assert stopped.returncode == 0, stopped.stdout


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel.id)
def test_a_panel_brings_data(seen: Seen, panel: Panel) -> None:
    for query in panel.queries:
        series = seen.series(query.asked(WINDOW))
        if panel.title in EMPTY:
            continue
        assert series, f"nothing in {panel.id!r}: {query.expr}"
        shown = frozenset().union(*series)
        assert query.legend_labels <= shown, (
            f"{panel.id!r} has no {query.legend_labels - shown} for its legend"
        )


def test_what_may_be_empty_is_a_panel_that_there_is() -> None:
    assert EMPTY.keys() <= {panel.title for panel in panels()}


def test_a_misspelt_name_brings_nothing(seen: Seen) -> None:
    assert seen.series("sum(up)")
    assert seen.series("sum(upp)") == []
    assert seen.series('sum(up{servce="sns"})') == []
    assert ask(seen.prometheus, "labels")
