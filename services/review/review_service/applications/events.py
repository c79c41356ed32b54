"""What review tells of applications."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class ApplicationSubmitted(Event):
    """A user applied to review a campaign's product."""

    type: ClassVar[str] = "application.submitted"

    application_id: int
    campaign_id: int
    creator_id: int
    user_id: int


class ApplicationDecided(Event):
    """An application was decided; `status` is pending, approved or rejected. `expired`: it was undecided
    for so long that it lost its place to the next applicant."""

    type: ClassVar[str] = "application.decided"

    application_id: int
    campaign_id: int
    campaign_title: str
    user_id: int
    status: str
    expired: bool = False
