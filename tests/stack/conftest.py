"""Small stacks that are gone after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.driver import SmallStack


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[[str], SmallStack]]:
    """Makes stacks that do not run yet."""
    made: list[SmallStack] = []

    def make(name: str = "one") -> SmallStack:
        made.append(SmallStack(tmp_path / name))
        return made[-1]

    yield make
    for stack in made:
        stack("clean")


@pytest.fixture
def small(make_stack: Callable[[str], SmallStack]) -> SmallStack:
    """A stack that runs."""
    stack = make_stack("small")
    stack("up")
    return stack
