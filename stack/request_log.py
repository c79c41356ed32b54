"""One request's lines in the logs of all services, in the order of time.

A request id is found where it was given; the trace that it belongs to leads on to other services, and to the events and
jobs that it caused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.directory import RunDirectory
from stack.errors import StackError, WrongArgument
from stack.options import one_of

ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
FIELDS = ("request_id", "trace_id")
NO_TRACE = "0" * 32


@dataclass(frozen=True, order=True)
class Line:
    """A log line: when it was written, by which part, and what."""

    time: str
    part: str
    text: str

    def __str__(self) -> str:
        return f"{self.part:<18} {self.text}"


def show_request(directory: RunDirectory, environment: Mapping[str, str], parts: Iterable[str]) -> None:
    """Prints the lines of the request or the trace that REQUEST names. Raises StackError, WrongArgument."""
    wanted = environment["REQUEST"]
    if not ID.fullmatch(wanted):
        raise WrongArgument(
            f"REQUEST={wanted}: allowed is a request id or a trace id: letters, digits and ._:-"
        )
    if one_of(environment, "FOLLOW", ("0", "1")) == "1":
        raise WrongArgument("REQUEST and FOLLOW=1: only one of them, a request is over soon")
    found = lines_of(directory.log("x").parent, wanted, frozenset(parts))
    if not found:
        raise StackError(
            f"no line of {wanted} in {directory.log('x').parent}, which keeps 60 MB of each process"
        )
    for line in found:
        print(line)


def lines_of(logs: Path, wanted: str, parts: frozenset[str]) -> list[Line]:
    """Every line with this request id or trace id, or of a trace that the request belongs to."""
    traces = {entry["trace_id"] for _, _, entry in _entries(logs, {wanted}) if entry.get("trace_id")}
    matching = _entries(logs, {wanted, *(traces - {NO_TRACE})})
    return sorted(
        {
            Line(str(entry.get("time", "")), part, text)
            for part, text, entry in matching
            if _is_of(part, parts)
        }
    )


def _entries(logs: Path, ids: set[str]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The lines in which an id stands as the request's or the trace's, not merely somewhere."""
    needles = [wanted.encode() for wanted in ids]
    for file in sorted(logs.glob("*.log*")):
        with file.open("rb") as lines:
            for line in lines:
                if any(needle in line for needle in needles) and (entry := _parsed(line, ids)):
                    yield file.name.partition(".log")[0], line.decode(errors="replace").strip(), entry


def _parsed(line: bytes, ids: set[str]) -> Mapping[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and any(entry.get(field) in ids for field in FIELDS) else None


def _is_of(part: str, parts: frozenset[str]) -> bool:
    return part in parts or re.sub(r"-\d+$", "", part) in parts
