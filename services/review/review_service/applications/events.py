"""What review tells of applications."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class ApplicationSubmitted(Event):
    """A user wants to review a campaign's product."""

    type: ClassVar[str] = "application.submitted"

    application_id: int
    campaign_id: int
    creator_id: int
    user_id: int


class ApplicationDecided(Event):
    """What becomes of an application; `status` is pending, approved or rejected, as its creator says. `expired`: the
    creator did not decide for so long that it gave up its place to the next applicant."""

    type: ClassVar[str] = "application.decided"

    application_id: int
    campaign_id: int
    campaign_title: str
    user_id: int
    status: str
    expired: bool = False
