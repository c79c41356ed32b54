"""`logs`: the ends of the log files."""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from stack.directory import RunDirectory
from stack.errors import StackError, WrongArgument
from stack.options import one_of
from stack.parts import PARTS, allowed_names, matching, role

TASKS = ("data", "keys", "render", "reload")


def selected_parts(environment: Mapping[str, str]) -> list[str]:
    """The parts that SERVICE names, by default all. Raises WrongArgument."""
    name = environment.get("SERVICE")
    parts = matching(name) if name else list(PARTS)
    if not parts:
        raise WrongArgument(f"SERVICE={name}: allowed are {', '.join(allowed_names())}")
    return parts


def show_logs(directory: RunDirectory, environment: Mapping[str, str]) -> None:
    """Becomes `tail`. FOLLOW=1 goes on with what is written next. Raises StackError where nothing has run yet."""
    follow = one_of(environment, "FOLLOW", ("0", "1")) == "1"
    files = _files(directory, selected_parts(environment))
    if not files:
        raise StackError("no log yet: `make up`")
    tail = shutil.which("tail")
    if tail is None:
        raise StackError(f"there is no `tail` here; the logs are {', '.join(map(str, files))}")
    signal.signal(
        signal.SIGPIPE, signal.SIG_DFL
    )  # Python ignores it, and `make logs | head` would get a complaint
    os.execv(tail, ["tail", "-n", "100", *(["-F"] if follow else []), *map(str, files)])  # noqa: S606


def _files(directory: RunDirectory, parts: list[str]) -> list[Path]:
    """Logs of the parts, and of the tasks done for them."""
    names = {part.rsplit("-", 1)[0] for part in parts}
    tasks = [f"{name}-{task}" for name in sorted(names) for task in TASKS]
    more = [
        path.stem
        for path in sorted(directory.log("x").parent.glob("*-worker-*.log"))
        if role(path.stem) in parts
    ]
    return [path for path in map(directory.log, (*tasks, *parts, *more)) if path.exists()]
