"""What clients get of analytics."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from shared.schemas.money import DecimalNumber
from sns_service.networks.registry import PlatformName


class PlatformSum(BaseModel):
    """Published posts of one network. Engagement is likes, comments and shares."""

    platform: PlatformName
    posts: int
    engagement: int


class DaySum(BaseModel):
    """Posts published on one day in UTC, and their engagement since."""

    day: date
    posts: int
    engagement: int


class Analytics(BaseModel):
    """The engagement of your published posts."""

    total_posts: int
    total_engagement: int
    average_engagement: DecimalNumber
    platform_breakdown: list[PlatformSum]
    trend_30days: list[DaySum]
