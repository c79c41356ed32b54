"""The Lua functions that kong.yml may carry, known by their exact text: a changed one is neither run nor guessed at."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "lua"
_NAME = re.compile(r"\A-- softfactory/([a-z-]+):")
_PROBLEM = re.compile(r'\[(\d{3})\] = \{ "([^"]+)", "([^"]+)", "([^"]+)" \}')
_RETRY_AFTER = re.compile(r'\[(\d{3})\] = "(\d+)"')
_PREFIXES = re.compile(r"local prefixes = \{(.*?)\}", re.DOTALL)

IDENTITY = "identity"
PROBLEM_HEADERS = "problem-headers"
PROBLEM_BODY = "problem-body"


class Problem(NamedTuple):
    """How the gateway words its own answer with one status."""

    code: str
    title: str
    detail: str


def text_of(name: str) -> str:
    """The text of a known function."""
    return (_FOLDER / f"{name.replace('-', '_')}.lua").read_text(encoding="utf-8")


def name_of(text: str) -> str | None:
    """The name that a function gives itself in its first line, or None; it need not be a known one."""
    found = _NAME.match(text)
    return found.group(1) if found else None


def is_known(text: str) -> bool:
    """Whether the text is, to the letter, the known function that it says it is."""
    name = name_of(text)
    return name in (IDENTITY, PROBLEM_HEADERS, PROBLEM_BODY) and text == text_of(name)


@cache
def problems() -> dict[int, Problem]:
    """Status -> words of the gateway's own errors, read from the Lua so that both gateways say the same."""
    return {int(status): Problem(*words) for status, *words in _PROBLEM.findall(text_of(PROBLEM_BODY))}


@cache
def retry_after() -> dict[int, str]:
    """Status -> seconds after which a client tries again, of the gateway's own errors."""
    return {int(status): seconds for status, seconds in _RETRY_AFTER.findall(text_of(PROBLEM_HEADERS))}


@cache
def identity_prefixes() -> tuple[str, ...]:
    """Beginnings of the request headers that no client may send, read from the Lua."""
    found = _PREFIXES.search(text_of(IDENTITY))
    return tuple(re.findall(r'"([^"]+)"', found.group(1))) if found else ()
