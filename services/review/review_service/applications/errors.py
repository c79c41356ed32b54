"""What can be wrong about an application.

ServiceError
  400 DeadlinePassed
  404 ApplicationNotFound
  409 AlreadyApplied, CampaignFull
  422 OwnCampaign
"""

from __future__ import annotations

from shared.errors import BadRequest, Conflict, NotFound, Unprocessable


class DeadlinePassed(BadRequest):
    """The campaign's deadline has passed."""


class ApplicationNotFound(NotFound):
    """There is no such application."""


class AlreadyApplied(Conflict):
    """You have applied to this campaign already."""


class CampaignFull(Conflict):
    """Every place of this campaign is taken."""


class OwnCampaign(Unprocessable):
    """You cannot apply to your own campaign."""
