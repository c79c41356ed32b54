"""What is asked for wrongly, or of a stack that does not run, is answered before anything is started."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from stack import commands
from stack.directory import RunDirectory
from stack.errors import StackError, WrongArgument


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"ARGS": "jobs held"}, "SERVICE= is missing: one of platform, coocook"),
        ({"SERVICE": "snx", "ARGS": "jobs held"}, "SERVICE=snx: allowed are platform, coocook"),
        ({"SERVICE": "sns"}, "ARGS= is missing"),
        ({"SERVICE": "sns", "ARGS": " "}, "ARGS= is missing"),
        ({"SERVICE": "sns", "ARGS": "posts 'failed"}, "No closing quotation"),
    ],
)
def test_a_command_that_is_not_named_well(
    directory: RunDirectory, said: Mapping[str, str], answer: str
) -> None:
    with pytest.raises(WrongArgument, match=answer):
        commands.execute(directory, said)


def test_a_command_needs_the_running_stack(directory: RunDirectory) -> None:
    with pytest.raises(StackError, match="`make up`"):
        commands.execute(directory, {"SERVICE": "sns", "ARGS": "jobs held"})
