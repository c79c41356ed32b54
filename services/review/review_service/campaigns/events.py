"""What review tells of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from shared.events.event import Event


class CampaignCreated(Event):
    """A campaign was created and takes applications."""

    type: ClassVar[str] = "campaign.created"

    campaign_id: int
    creator_id: int
    title: str
    category: str
    max_reviewers: int
    deadline: datetime


class CampaignEvent(Event):
    """What each later event of a campaign says."""

    campaign_id: int
    creator_id: int


class CampaignClosed(CampaignEvent):
    """A campaign stopped taking applications: its creator closed it, its deadline passed, or the creator's
    account was deleted or deactivated."""

    type: ClassVar[str] = "campaign.closed"


class CampaignCompleted(CampaignEvent):
    """A campaign was completed by its creator."""

    type: ClassVar[str] = "campaign.completed"
