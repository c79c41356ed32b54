"""Searching the open campaigns: a page of hits, with HTML that marks where in its texts a search has hit."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from review_service.search import queries
from review_service.search.errors import DeadlinesReversed
from review_service.search.queries import Corrections, IndexQuery, index_query
from review_service.search_index.terms import MAX_WORD, RUN, Words, filter_terms, folded, words_of
from review_service.search_index.vocabulary import correct
from shared.db.database import Database
from shared.schemas.keyset import encode_cursor
from shared.schemas.types import MAX_ID

MAX_RANK: Final = 2**31 - 1
LENGTH: Final = 160
BEFORE: Final = 40
"""So much of the text stands before the first hit."""
ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts: below `rank` and `before`, of the campaigns up to `newest`, so that those which come
    meanwhile do not shift the pages."""

    newest: int
    rank: int = MAX_RANK
    before: int = MAX_ID


@dataclass(frozen=True, slots=True)
class Search:
    """A search request."""

    query: str
    limit: int
    category: str | None = None
    reward_type: str | None = None
    deadline_from: datetime | None = None
    deadline_to: datetime | None = None
    position: Position | None = None

    def __post_init__(self) -> None:
        if self.deadline_from and self.deadline_to and self.deadline_to < self.deadline_from:
            raise DeadlinesReversed


async def search(database: Database, wanted: Search, *, fresh: bool) -> dict[str, Any]:
    """A page: what was found, ranked; see `SearchPage`. Misspelt words are corrected where nothing else is found."""
    words = words_of(wanted.query)
    filters = filter_terms(category=wanted.category, reward_type=wanted.reward_type)
    async with database.read(fresh=fresh) as connection:
        position = wanted.position or Position(MAX_ID)
        corrections: Corrections = {}
        rows: Sequence[dict[str, Any]] = ()
        for also_known in (False, True):
            corrections = await correct(connection, words.words, also_known=also_known)
            asked = index_query(words, corrections, filters)
            if asked is None or (also_known and not corrections):
                break
            position, rows = await _page(connection, wanted, asked, position)
            if rows:
                break
    shown = rows[: wanted.limit]
    looked_for = SearchedTerms.by(words, [word for found in corrections.values() for word in found])
    more = len(rows) > wanted.limit
    return {
        "query": wanted.query,
        "campaigns": [_hit(row, looked_for) for row in shown],
        "total": rows[0]["total"] if rows else 0,
        "corrections": corrections if rows else {},
        "next_cursor": encode_cursor(position.newest, shown[-1]["rank"], shown[-1]["id"]) if more else None,
    }


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


async def _page(
    connection: AsyncConnection, wanted: Search, asked: IndexQuery, position: Position
) -> tuple[Position, Sequence[dict[str, Any]]]:
    """Where it starts, with what is newest now, and its rows."""
    within = await queries.search_range(
        connection, "terms", asked.every, upto=position.newest, candidates=queries.CANDIDATES
    )
    statement = queries.ranked(
        strides=bool(within.strides),
        whole=len(asked.whole),
        deadline_from=wanted.deadline_from is not None,
        deadline_to=wanted.deadline_to is not None,
    )
    values: dict[str, Any] = {
        "every": asked.every,
        "some": asked.some,
        "newest": within.newest,
        "candidates": queries.CANDIDATES,
        "rank": position.rank,
        "before": position.before,
        "limit": wanted.limit + 1,
        **{f"whole{number}": run for number, run in enumerate(asked.whole)},
        **within.strides,
    }
    if wanted.deadline_from is not None:
        values["deadline_from"] = wanted.deadline_from
    if wanted.deadline_to is not None:
        values["deadline_to"] = wanted.deadline_to
    rows = (await connection.execute(text(statement), values)).mappings()
    return replace(position, newest=within.newest), [dict(row) for row in rows]


def _hit(row: dict[str, Any], looked_for: SearchedTerms) -> dict[str, Any]:
    description = row["description"] or ""
    shown = {name: value for name, value in row.items() if name not in {"rank", "total", "description"}}
    return shown | {
        "highlights": {
            "title": highlighted(row["title"], looked_for),
            "product_name": highlighted(row["product_name"], looked_for),
            "description": snippet(description, looked_for),
        }
    }
