"""What can be wrong about a campaign.

ServiceError
  403 NotTheCreator
  404 CampaignNotFound
  409 CampaignOver, FewerThanTaken
  422 DeadlineOutOfRange
"""

from __future__ import annotations

from shared.errors import Conflict, FieldError, Forbidden, NotFound, Unprocessable


class CampaignNotFound(NotFound):
    """There is no campaign with this id."""


class NotTheCreator(Forbidden):
    """Only the campaign's creator may do this."""


class CampaignOver(Conflict):
    """The campaign has ended and does not allow this change."""


class FewerThanTaken(Conflict):
    """More places are already taken."""

    def __init__(self) -> None:
        message = "max_reviewers cannot be less than the pending and approved applications."
        super().__init__(message, errors=[FieldError("max_reviewers", message)])


class DeadlineOutOfRange(Unprocessable):
    """The deadline must be in the future, within two years."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("deadline", self.default_message)])
