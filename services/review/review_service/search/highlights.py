"""Where in a text a search has hit, as HTML that a client may show as it is. No database."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from review_service.search_index.terms import MAX_WORD, RUN, Words, folded

LENGTH: Final = 160
BEFORE: Final = 40
"""So much of the text stands before the first hit."""
ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class SearchedTerms:
    """Whole words, folded, and the runs of syllables that may stand anywhere in a longer one."""

    words: frozenset[str]
    runs: re.Pattern[str] | None

    @classmethod
    def by(cls, words: Words, corrections: Iterable[str]) -> SearchedTerms:
        """What a search looked for."""
        runs = "|".join(sorted(words.cjk, key=len, reverse=True))
        return cls(frozenset({*words.words, *corrections}), re.compile(runs) if runs else None)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands in the text."""
        if not self.words:  # runs are of syllables alone: no need to look for where those of the text end
            yield from (found.span() for found in self.runs.finditer(text)) if self.runs else ()
            return
        for match in RUN.finditer(text):
            if match.lastgroup == "cjk":
                if self.runs is not None:
                    yield from (found.span() for found in self.runs.finditer(text, *match.span()))
            elif folded(match.group())[:MAX_WORD] in self.words:
                yield match.span()


def highlighted(text: str, looked_for: SearchedTerms) -> str:
    """The text with `<mark>` around each hit; everything else in it is escaped."""
    pieces, last = [], 0
    for start, end in looked_for.spans(text):
        pieces += [html.escape(text[last:start]), f"<mark>{html.escape(text[start:end])}</mark>"]
        last = end
    return "".join([*pieces, html.escape(text[last:])])


def snippet(text: str, looked_for: SearchedTerms) -> str:
    """A piece of a long text around its first hit, or its beginning where it has none, highlighted."""
    first = next(looked_for.spans(text), (0, 0))[0]
    start = max(0, first - BEFORE)
    end = start + LENGTH
    piece = highlighted(text[start:end].strip(), looked_for)
    return f"{ELLIPSIS if start else ''}{piece}{ELLIPSIS if end < len(text) else ''}"
