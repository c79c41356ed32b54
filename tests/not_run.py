"""What a run leaves out because this machine lacks something is listed by name at its end, and is no skip."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

_LEFT_OUT = pytest.StashKey[dict[str, list[str]]]()


def leave_out(
    config: pytest.Config, items: list[pytest.Item], left_out: Sequence[pytest.Item], why: str
) -> None:
    """Takes `left_out` from `items`, and remembers them for `report`."""
    if not left_out:
        return
    config.stash.setdefault(_LEFT_OUT, {}).setdefault(why, []).extend(item.nodeid for item in left_out)
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def report(terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Writes what was not run, and why."""
    for why, names in config.stash.get(_LEFT_OUT, {}).items():
        terminal.section(f"not run here: {why}")
        for name in names:
            terminal.line(f"NOT RUN {name}")


def is_all(config: pytest.Config) -> bool:
    """Whether something was left out, which explains a run without any test."""
    return bool(config.stash.get(_LEFT_OUT, {}))
