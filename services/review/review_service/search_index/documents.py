"""The documents that searches look through: one of each open campaign, in the transaction that changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.search_index import vocabulary
from review_service.search_index.models import SearchDocument
from review_service.search_index.terms import filter_terms, generation_term, terms_of, vocabulary_of
from shared.db.transactions import driver

PUT = """
    INSERT INTO search_documents (campaign_id, deadline, terms, title_terms)
    VALUES ($1, $2, array_to_tsvector($3::text[]), array_to_tsvector($4::text[]))
    ON CONFLICT (campaign_id) DO UPDATE
    SET deadline = excluded.deadline, terms = excluded.terms, title_terms = excluded.title_terms
"""


@dataclass(frozen=True, slots=True)
class Document:
    """What an open campaign is found by."""

    campaign_id: int
    creator_id: int
    deadline: datetime
    title: str
    product_name: str
    description: str
    category: str
    reward_type: str


async def put(session: AsyncSession, document: Document) -> None:
    """Let an open campaign be found by what it says now."""
    terms, title_terms = document_terms(
        campaign_id=document.campaign_id,
        title=document.title,
        product_name=document.product_name,
        description=document.description,
        category=document.category,
        reward_type=document.reward_type,
    )
    words = vocabulary_of(document.title, document.product_name, document.description)
    await vocabulary.keep_words(session)
    await (await driver(session)).execute(PUT, document.campaign_id, document.deadline, terms, title_terms)
    await vocabulary.add_words(session, words, creator_id=document.creator_id)


def document_terms(
    *, campaign_id: int, title: str, product_name: str, description: str, category: str, reward_type: str
) -> tuple[list[str], list[str]]:
    """The terms of every text, and those of the title and the product's name; each sorted, with its filters'
    and its generation's."""
    title_terms = terms_of(title, product_name)
    generation = generation_term(campaign_id)
    filters = filter_terms(category=category, reward_type=reward_type) | {generation}
    return sorted(title_terms | terms_of(description) | filters), sorted(title_terms | {generation})


async def remove(session: AsyncSession, campaign_ids: Sequence[int]) -> None:
    """Remove campaigns that have ended from the index."""
    if campaign_ids:
        await session.execute(delete(SearchDocument).where(SearchDocument.campaign_id.in_(campaign_ids)))
