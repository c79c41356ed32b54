"""What clients get of a search."""

from __future__ import annotations

from pydantic import BaseModel, Field

from review_service.campaigns.schemas import CampaignCard
from review_service.search.queries import CANDIDATES


class Highlights(BaseModel):
    """HTML: matches are in `<mark>`, everything else is escaped. `description` is an excerpt around the first match."""

    title: str
    product_name: str
    description: str


class Hit(CampaignCard):
    """A campaign that matches the search."""

    highlights: Highlights


class SearchPage(BaseModel):
    """The best of the newest 200 open campaigns that match, page by page; `total` is their number (slightly
    too high where a long Korean word matches only in parts, which are not shown).

    `corrections` maps each word as typed to the words that were searched for in addition.
    """

    query: str
    campaigns: list[Hit]
    total: int = Field(le=CANDIDATES)
    corrections: dict[str, list[str]]
    next_cursor: str | None


class Suggestion(BaseModel):
    """A product to search for, and the number of the newest campaigns with it."""

    text: str
    campaigns: int


class Suggestions(BaseModel):
    """Suggestions for a partly typed `query`."""

    query: str
    suggestions: list[Suggestion]
