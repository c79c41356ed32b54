"""What review tells of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from shared.events.event import Event


class CampaignCreated(Event):
    """A campaign takes applications from now on."""

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
    """It takes no more applications: its creator said so, its deadline has passed, or the creator's account is gone or
    deactivated."""

    type: ClassVar[str] = "campaign.closed"


class CampaignCompleted(CampaignEvent):
    """Its creator has what the campaign was for."""

    type: ClassVar[str] = "campaign.completed"
