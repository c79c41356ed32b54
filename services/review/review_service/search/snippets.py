"""Where in a text a search has hit, as HTML that a client may show as it is. No database."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

from review_service.search.terms import CJK, Words

LENGTH: Final = 160
BEFORE: Final = 40
"""So much of the text stands before the first hit."""
ELLIPSIS: Final = "…"


def pattern_of(words: Words, corrections: Iterable[str]) -> re.Pattern[str] | None:
    """Matches what the search looked for; None where that is nothing."""
    runs = [re.escape(run) for run in sorted(words.cjk, key=len, reverse=True)]
    whole = [re.escape(word) for word in sorted({*words.words, *corrections}, key=len, reverse=True)]
    if whole:
        runs.append(rf"(?<![^\W_{CJK}])(?:{'|'.join(whole)})(?![^\W_{CJK}])")
    return re.compile("|".join(runs), re.IGNORECASE) if runs else None


def highlighted(text: str, pattern: re.Pattern[str]) -> str:
    """The text with `<mark>` around each hit; everything else in it is escaped."""
    pieces, end = [], 0
    for match in pattern.finditer(text):
        pieces += [html.escape(text[end : match.start()]), f"<mark>{html.escape(match.group())}</mark>"]
        end = match.end()
    return "".join([*pieces, html.escape(text[end:])])


def snippet(text: str, pattern: re.Pattern[str]) -> str:
    """A piece of a long text around its first hit, or its beginning where it has none, highlighted."""
    match = pattern.search(text)
    start = max(0, match.start() - BEFORE) if match else 0
    end = start + LENGTH
    piece = highlighted(text[start:end].strip(), pattern)
    return f"{ELLIPSIS if start else ''}{piece}{ELLIPSIS if end < len(text) else ''}"
