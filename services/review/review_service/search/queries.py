"""What a search asks the index for: its terms, and the statements.

The candidates are the newest campaigns that match. They are looked for some generations at a time, the youngest first,
until there are enough: the index never reads through what a term has everywhere. How many generations make a stride
follows from how many match in one of them; where few match at all, one stride takes in everything.

Only the candidates are ranked, and only what is shown of them is looked at in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from review_service.search_index import terms
from review_service.search_index.terms import Words, pairs

MAX_TERMS: Final = 24
"""Of a longer query the rest is left out of account: nobody typed it."""
Corrections = Mapping[str, Sequence[str]]
"""By a word as it was typed: words to look for as well."""


CANDIDATES: Final = 200
"""So many of the newest campaigns that match are ranked."""
FEW: Final = 5
"""Measured: up to so many times the candidates, fetching all that match is the shorter way."""
LONGEST: Final = 8
"""In generations. Measured: a stride that finds too much costs more than one more stride."""

_EVERY: Final = "CAST(:every AS tsquery)"
_GENERATION_TERM: Final = "'''#g' || generation || ''''"
_STRIDE: Final = f"""
    (SELECT CAST(string_agg({_GENERATION_TERM}, '|') AS tsquery)
     FROM generate_series(youngest, youngest - CAST(:stride AS bigint) + 1, -1) AS generation)
"""  # noqa: S608 - of constants
_MATCHES: Final = """
    SELECT * FROM (
        SELECT d.campaign_id, d.title_terms FROM search_documents AS d
        WHERE d.{column} @@ {terms} AND d.deadline > now() AND d.campaign_id <= :newest {deadlines} OFFSET 0
    ) AS matching ORDER BY campaign_id DESC LIMIT :candidates
"""
# OFFSET 0 keeps the planner from reading the newest campaigns one by one in the hope that they match.
_STRIDES: Final = """
    SELECT matches.* FROM generate_series(CAST(:generation AS bigint), 0, -CAST(:stride AS bigint)) AS youngest,
    LATERAL ({matches}) AS matches LIMIT :candidates
"""
_RANKED: Final = """
    WITH candidates AS MATERIALIZED ({candidates}), ranked AS (
        SELECT campaign_id,
            CAST(ts_rank(title_terms, CAST(:some AS tsquery)) * 1000000 AS integer) AS rank
        FROM candidates
    ), page AS MATERIALIZED (
        SELECT * FROM ranked WHERE (rank, campaign_id) < (CAST(:rank AS bigint), CAST(:before AS bigint))
        ORDER BY rank DESC, campaign_id DESC
    )
    SELECT c.id, c.title, c.product_name, c.description, c.category, c.reward_type, c.reward_value,
        c.max_reviewers, c.applications_count, c.places_taken AS current_reviewers,
        c.max_reviewers - c.places_taken AS spots_available, c.deadline, c.created_at, page.rank,
        (SELECT count(*) FROM candidates) AS total
    FROM page JOIN LATERAL (SELECT * FROM campaigns WHERE id = page.campaign_id OFFSET 0) AS c ON true {whole}
    ORDER BY page.rank DESC, page.campaign_id DESC LIMIT :limit
"""
_TEXT: Final = "c.title || E'\\n' || c.product_name || E'\\n' || coalesce(c.description, '')"
_RANGE: Final = """
    WITH newest AS (
        SELECT least(CAST(:upto AS bigint), coalesce(max(campaign_id), 0)) AS id FROM search_documents
    )
    SELECT newest.id, (
        SELECT count(*) FROM (
            SELECT FROM search_documents WHERE {column} @@ ({every} && CAST({generation} AS tsquery)) LIMIT :candidates
        ) AS matches
    ) AS matches
    FROM newest, LATERAL (SELECT newest.id / CAST(:size AS bigint) - 1 AS generation) AS youngest
"""
_SUGGESTED: Final = """
    SELECT c.product_name, count(*) AS campaigns FROM ({candidates}) AS candidates
    JOIN campaigns AS c ON c.id = candidates.campaign_id
    GROUP BY c.product_name ORDER BY count(*) DESC, max(c.id) DESC LIMIT :limit
"""
STARTING: Final = (
    "SELECT word FROM search_words WHERE word LIKE :start ORDER BY length(word), word LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """`every`: a tsquery that a campaign must satisfy; `some`: the same terms as alternatives, for ranking; `whole`:
    runs that must also be there in one piece, which their pairs alone do not say."""

    every: str
    some: str
    whole: tuple[str, ...]


def index_query(words: Words, corrections: Corrections, filters: Iterable[str] = ()) -> IndexQuery | None:
    """None where there is nothing to look for."""
    clauses = [*_pairs_of(words), *_words_of(words, corrections)][:MAX_TERMS]
    if not clauses:
        return None
    alternatives = [term for clause in clauses for term in clause]
    every = " & ".join([_any_of(clause) for clause in clauses] + [quoted(term) for term in sorted(filters)])
    return IndexQuery(
        every, " | ".join(map(quoted, alternatives)), tuple(run for run in words.cjk if len(run) > 2)
    )


def quoted(term: str) -> str:
    """A term as a tsquery writes it."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


@dataclass(frozen=True, slots=True)
class SearchRange:
    """The newest campaign, and the values `generation` and `stride` of a search up to it; none where all that match are
    best taken at once."""

    newest: int
    strides: dict[str, int] = field(default_factory=dict)


async def search_range(
    connection: AsyncConnection, column: str, every: str, *, upto: int, candidates: int
) -> SearchRange:
    """Sized by the youngest generation that is full, so that one stride is likely to yield the candidates.

    `upto` may be made up: a search goes through no generations that do not exist.
    """
    values = {"every": every, "upto": upto, "size": terms.GENERATION, "candidates": candidates}
    newest, matches = (
        await connection.execute(
            text(_RANGE.format(column=column, every=_EVERY, generation=_GENERATION_TERM)), values
        )
    ).one()
    generation = newest // terms.GENERATION
    if generation <= 0 or matches * generation <= FEW * candidates:
        return SearchRange(newest)
    return SearchRange(newest, {"generation": generation, "stride": min(-(-candidates // matches), LONGEST)})


def ranked(*, strides: bool, whole: int, deadline_from: bool, deadline_to: bool) -> str:
    """A page of a search. `strides`: go from `:generation` down by `:stride`; else all at once. `whole`: how many runs
    (:whole0, ...) must be in the text in one piece."""
    deadlines = ["AND d.deadline >= :deadline_from"] if deadline_from else []
    deadlines += ["AND d.deadline <= :deadline_to"] if deadline_to else []
    pieces = " AND ".join(f"strpos({_TEXT}, :whole{number}) > 0" for number in range(whole))
    candidates = _candidates("terms", strides=strides, deadlines=" ".join(deadlines))
    return _RANKED.format(candidates=candidates, whole=f"WHERE {pieces}" if pieces else "")


def suggested(*, strides: bool) -> str:
    """The products of the newest campaigns that match in title or product, the most frequent first."""
    return _SUGGESTED.format(candidates=_candidates("title_terms", strides=strides))


def _pairs_of(words: Words) -> list[Sequence[str]]:
    return [(pair,) for pair in dict.fromkeys(pair for run in words.cjk for pair in pairs(run))]


def _words_of(words: Words, corrections: Corrections) -> list[Sequence[str]]:
    """A code is found by its parts, which a text writes apart too, or in one piece."""
    parts = {part: whole for whole, found in words.joined.items() for part in found}
    clauses: list[Sequence[str]] = []
    for word in words.words:
        choices = [word, *corrections.get(word, ())]
        clauses.append([*choices, parts[word]] if word in parts else choices)
    return clauses


def _any_of(terms: Sequence[str]) -> str:
    return quoted(terms[0]) if len(terms) == 1 else f"({' | '.join(map(quoted, terms))})"


def _candidates(column: str, *, strides: bool, deadlines: str = "") -> str:
    matching = f"({_EVERY} && {_STRIDE})" if strides else _EVERY
    matches = _MATCHES.format(column=column, terms=matching, deadlines=deadlines)
    return _STRIDES.format(matches=matches) if strides else matches
