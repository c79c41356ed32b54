"""What clients get of a search."""

from __future__ import annotations

from pydantic import BaseModel, Field

from review_service.campaigns.schemas import CampaignCard
from review_service.search.queries import CANDIDATES


class Highlights(BaseModel):
    """HTML: hits are in `<mark>`, everything else is escaped. `description` is a piece of it, around the first hit."""

    title: str
    product_name: str
    description: str


class Hit(CampaignCard):
    """A campaign that was found."""

    highlights: Highlights


class SearchPage(BaseModel):
    """The best of the newest 200 open campaigns that match, a page at a time; `total` says how many those are (a few
    too many where a long Korean word matches in pieces only, which are not shown).

    `corrections` has, by the word as it was typed, what was looked for as well.
    """

    query: str
    campaigns: list[Hit]
    total: int = Field(le=CANDIDATES)
    corrections: dict[str, list[str]]
    next_cursor: str | None


class Suggestion(BaseModel):
    """A product to search for, and how many of the newest campaigns have it."""

    text: str
    campaigns: int


class Suggestions(BaseModel):
    """What somebody who is typing `query` may mean."""

    query: str
    suggestions: list[Suggestion]
