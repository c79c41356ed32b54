"""What can be wrong about an application.

ServiceError
  400 DeadlinePassed
  404 ApplicationNotFound, ClosedToApplications (a CampaignNotFound)
  409 AlreadyApplied, CampaignFull, TooManyApplications
  422 OwnCampaign
"""

from __future__ import annotations

from typing import ClassVar

from review_service.campaigns.errors import CampaignNotFound
from shared.errors import BadRequest, Conflict, NotFound, Unprocessable


class DeadlinePassed(BadRequest):
    """The campaign's deadline has passed."""


class ApplicationNotFound(NotFound):
    """There is no application with this id."""


class ClosedToApplications(CampaignNotFound):
    """This campaign takes no more applications."""

    code: ClassVar[str] = CampaignNotFound.code  # to clients, it is not among those that they may apply to


class AlreadyApplied(Conflict):
    """You have already applied to this campaign."""


class CampaignFull(Conflict):
    """All places of this campaign are taken."""


class TooManyApplications(Conflict):
    """You have too many undecided applications."""

    def __init__(self, at_most: int) -> None:
        message = (
            f"You have {at_most} applications that are not decided, which is the most at a time."
            " Apply again when one of them is decided."
        )
        super().__init__(message, limit=at_most)


class OwnCampaign(Unprocessable):
    """You cannot apply to your own campaign."""
