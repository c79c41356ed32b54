"""Keeping what search reads, in the transaction that changes the campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.search import vocabulary
from review_service.search.models import SearchDocument
from review_service.search.terms import filter_signs, generation_sign, terms_of, vocabulary_of
from shared.db.transactions import driver

if TYPE_CHECKING:
    from review_service.campaigns.models import Campaign

PUT = """
    INSERT INTO search_documents (campaign_id, deadline, terms, title_terms)
    VALUES ($1, $2, array_to_tsvector($3::text[]), array_to_tsvector($4::text[]))
    ON CONFLICT (campaign_id) DO UPDATE
    SET deadline = excluded.deadline, terms = excluded.terms, title_terms = excluded.title_terms
"""


async def put(session: AsyncSession, campaign: Campaign) -> None:
    """Let an open campaign be found by what it says now."""
    terms, title_terms = document_terms(
        campaign_id=campaign.id,
        title=campaign.title,
        product_name=campaign.product_name,
        description=campaign.description or "",
        category=campaign.category,
        reward_type=campaign.reward_type,
    )
    words = vocabulary_of(campaign.title, campaign.product_name, campaign.description or "")
    await vocabulary.hold(session)
    await (await driver(session)).execute(PUT, campaign.id, campaign.deadline, terms, title_terms)
    await vocabulary.learn(session, words, creator_id=campaign.creator_id)


def document_terms(
    *, campaign_id: int, title: str, product_name: str, description: str, category: str, reward_type: str
) -> tuple[list[str], list[str]]:
    """The terms of every text, and those of the title and the product's name; each sorted, with the signs."""
    title_terms = terms_of(title, product_name)
    generation = generation_sign(campaign_id)
    signs = filter_signs(category=category, reward_type=reward_type) | {generation}
    return sorted(title_terms | terms_of(description) | signs), sorted(title_terms | {generation})


async def remove(session: AsyncSession, campaign_ids: Sequence[int]) -> None:
    """Remove campaigns that have ended from the index."""
    if campaign_ids:
        await session.execute(delete(SearchDocument).where(SearchDocument.campaign_id.in_(campaign_ids)))
