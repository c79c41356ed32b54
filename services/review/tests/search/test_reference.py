"""Search against a plain scan of every campaign, on generated text."""

from __future__ import annotations

from collections.abc import Sequence
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from review_service.campaigns.service import search_document
from review_service.schema import Campaign, SearchDocument, SearchSpelling, SearchWord
from review_service.search import queries
from review_service.search.service import Search, search
from review_service.search_index import documents, terms
from services.review.tests.factories import BODY, CREATOR, ahead
from testing.rollback import TestDatabase

LATIN = ("mask", "Mini", "s24", "wh", "x1")
TEXT = st.lists(
    st.one_of(st.text(alphabet="가나", min_size=1, max_size=5), st.sampled_from(LATIN)),
    min_size=1,
    max_size=4,
)
SEPARATORS = st.sampled_from([" ", ", ", " & ", "\n"])


def plain_scan(campaigns: Sequence[tuple[int, str]], words: Sequence[str]) -> set[int]:
    """Every word of Hangul stands somewhere in the text, every other word is a word of it."""

    def has(text: str, word: str) -> bool:
        if word[0] >= "가":
            return word in text
        letters = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in text)
        return word.lower() in letters.lower().split()

    return {number for number, text in campaigns if all(has(text, word) for word in words)}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    texts=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6),
    query=st.lists(
        st.one_of(st.text(alphabet="가나", min_size=1, max_size=4), st.sampled_from(LATIN)),
        min_size=1,
        max_size=3,
    ),
    separator=SEPARATORS,
    generation=st.sampled_from((1, 2, 3, terms.GENERATION)),
)
async def test_a_search_finds_what_a_plain_scan_finds(
    db: TestDatabase,
    texts: list[tuple[list[str], list[str], list[str]]],
    query: list[str],
    separator: str,
    generation: int,
) -> None:
    with mock.patch.multiple(terms, GENERATION=generation), mock.patch.multiple(queries, FEW=0):
        campaigns = await _write(db, texts, separator)
        found = await search(db, Search(query=separator.join(query), limit=50), fresh=True)
    expected = plain_scan(campaigns, query)
    if not found["corrections"]:  # a misspelt word finds more than a plain scan
        assert {hit["id"] for hit in found["campaigns"]} == expected
    assert found["total"] >= len(found["campaigns"]) >= len(expected)


@pytest.mark.parametrize("candidates", [1, 3, 7, 100])
@pytest.mark.parametrize("longest", [1, 2, 8])
async def test_many_that_match_are_found_from_the_newest_until_there_are_enough(
    db: TestDatabase, candidates: int, longest: int
) -> None:
    with (
        mock.patch.multiple(terms, GENERATION=3),
        mock.patch.multiple(queries, CANDIDATES=candidates, FEW=0, LONGEST=longest),
    ):
        written = await _write(db, [(["가나"], ["x"], [word]) for word in ("mask", "mini") * 10], " ")
        masks = [number for number, text in written if "mask" in text]
        found = await search(db, Search(query="가나 mask", limit=50), fresh=True)
    assert [hit["id"] for hit in found["campaigns"]] == masks[::-1][:candidates]


async def _write(
    db: TestDatabase, texts: list[tuple[list[str], list[str], list[str]]], separator: str
) -> list[tuple[int, str]]:
    """Instead of the example before."""
    written = []
    async with db.session() as session:
        for table in (SearchDocument, Campaign, SearchWord, SearchSpelling):
            await session.execute(delete(table))
        for parts in texts:
            title, product, description = (separator.join(part) for part in parts)
            campaign = Campaign(
                creator_id=CREATOR,
                **{**BODY, "title": title, "product_name": product, "description": description},
                deadline=ahead(),
            )
            session.add(campaign)
            await session.flush()
            await documents.put(session, search_document(campaign))
            written.append((campaign.id, f"{title}\n{product}\n{description}"))
    return written
