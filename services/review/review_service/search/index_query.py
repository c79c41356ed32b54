"""What a search asks the index for. No database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review_service.search_index.terms import Words, pairs

MAX_TERMS: Final = 24
"""Of a longer query the rest is left out of account: nobody typed it."""
Corrections = Mapping[str, Sequence[str]]
"""By a word as it was typed: words to look for as well."""


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """`every`: a tsquery that a campaign must satisfy; `some`: the same terms as alternatives, for ranking; `whole`:
    runs that must also be there in one piece, which their pairs alone do not say."""

    every: str
    some: str
    whole: tuple[str, ...]


def index_query(words: Words, corrections: Corrections, signs: Iterable[str] = ()) -> IndexQuery | None:
    """None where there is nothing to look for."""
    clauses = [*_pairs_of(words), *_words_of(words, corrections)][:MAX_TERMS]
    if not clauses:
        return None
    terms = [term for clause in clauses for term in clause]
    every = " & ".join([_any_of(clause) for clause in clauses] + [quoted(sign) for sign in sorted(signs)])
    return IndexQuery(every, " | ".join(map(quoted, terms)), tuple(run for run in words.cjk if len(run) > 2))


def quoted(term: str) -> str:
    """A term as a tsquery writes it."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


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
