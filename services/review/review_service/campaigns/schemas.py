"""What clients send about campaigns, and what they get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from review_service.campaigns.models import RewardType, Status
from shared.schemas.dates import Deadline
from shared.schemas.text import Name, Text
from shared.schemas.types import Changes, PlainNumber, Request

MAX_REVIEWERS = 10_000


Title = Annotated[str, Name(1, 200)]
Category = Annotated[str, Name(1, 50)]
Description = Annotated[str, Text(0, 10_000)]
Reward = Annotated[str, Name(1, 200)]
Reviewers = Annotated[int, Field(ge=1, le=MAX_REVIEWERS), PlainNumber]


class NewCampaign(Request):
    """A campaign. `deadline` must lie ahead, within two years; a day such as 2026-12-24, also today, ends with that day
    in Seoul."""

    title: Title
    product_name: Title
    category: Category
    reward_type: RewardType
    reward_value: Reward
    max_reviewers: Reviewers
    deadline: Deadline
    description: Description | None = None


class CampaignChanges(Changes):
    """What to change; what is left out stays. Only `description` may be null. A day as `deadline` ends in Seoul."""

    nullable = frozenset({"description"})

    title: Title | None = None
    product_name: Title | None = None
    category: Category | None = None
    reward_type: RewardType | None = None
    reward_value: Reward | None = None
    max_reviewers: Reviewers | None = None
    deadline: Deadline | None = None
    description: Description | None = None


class CampaignCard(BaseModel):
    """A campaign in a list. `applications_count` counts all applications, rejected ones too; `current_reviewers` those
    that are pending or approved, and `spots_available` the places that they leave."""

    id: int
    title: str
    product_name: str
    category: str
    reward_type: RewardType
    reward_value: str
    max_reviewers: int
    applications_count: int
    current_reviewers: int
    spots_available: int
    deadline: datetime
    created_at: datetime


class CampaignPage(BaseModel):
    """A page of open campaigns, newest first. `next_cursor` leads to the next page even if campaigns are
    added in between."""

    campaigns: list[CampaignCard]
    total: int
    pages: int
    current_page: int
    next_cursor: str | None


class CampaignDetail(CampaignCard):
    """One campaign."""

    description: str | None
    status: Status


class OwnCampaign(BaseModel):
    """A campaign as its creator sees it in a list."""

    id: int
    title: str
    product_name: str
    category: str
    max_reviewers: int
    applications_count: int
    places_taken: int
    current_reviewers: int
    deadline: datetime
    status: Status


class CampaignMade(BaseModel):
    """The new campaign's id."""

    id: int
    message: str


class StatusChanged(BaseModel):
    """The campaign after the change."""

    message: str
    status: Status
