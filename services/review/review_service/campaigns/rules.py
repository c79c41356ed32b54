"""How far a campaign is, and what it may become. No database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from review_service.campaigns.errors import CampaignOver, DeadlineOutOfRange

Status = Literal["active", "closed", "completed"]
RewardType = Literal["product", "cash", "both"]
MAX_AHEAD: Final = timedelta(days=731)
ORDER: Final[tuple[str, ...]] = ("active", "closed", "completed")


def status_at(status: str, *, deadline: datetime, now: datetime) -> str:
    """What the campaign is: a deadline that has passed closes it, whether or not the row says so already."""
    return "closed" if status == "active" and deadline <= now else status


def check_deadline(deadline: datetime, *, now: datetime) -> None:
    """Raises DeadlineOutOfRange."""
    if not now < deadline <= now + MAX_AHEAD:
        raise DeadlineOutOfRange


def check_open(status: str) -> None:
    """Raises CampaignOver unless applications are still taken."""
    if status != "active":
        raise CampaignOver(f"The campaign is {status} and can no longer be changed.")


def is_change(current: str, wanted: Status) -> bool:
    """Whether this is a change: forward yes, the same no. Raises CampaignOver for the way back."""
    if ORDER.index(wanted) < ORDER.index(current):
        raise CampaignOver(f"The campaign is {current} and cannot become {wanted} again.")
    return current != wanted
