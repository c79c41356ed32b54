"""What clients send about applications, and what they get."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from review_service.applications.models import Status
from shared.schemas.text import Text, UnnormalizedText
from shared.schemas.types import PlainNumber, Request

MAX_LINK = 500
MAX_FOLLOWERS = 10_000_000_000
_CODE: Final = ("javascript:", "vbscript:", "data:")
_SKIPPED: Final = re.compile(r"[\x00-\x20]+")
"""What browsers leave out of an address before they look at its scheme."""


def runs_code(text: str) -> bool:
    """Whether a browser that is led there runs what the text says."""
    return _SKIPPED.sub("", text).casefold().startswith(_CODE)


def _harmless(value: str) -> str:
    if runs_code(value):
        raise PydanticCustomError(
            "code", "Not a link that runs code; send a name or an http or https address"
        )
    return value


class NewApplication(Request):
    """Why the user is the one to review it, and where they publish: a link, or a name such as @me."""

    message: Annotated[str, Text(1, 2000)]
    sns_link: Annotated[str, UnnormalizedText(0, MAX_LINK), AfterValidator(_harmless)] | None = None
    follower_count: Annotated[int, Field(ge=0, le=MAX_FOLLOWERS), PlainNumber] | None = None


class Decision(Request):
    """The decision about an application."""

    status: Status


class ApplicationMade(BaseModel):
    """The new application's id."""

    id: int
    message: str


class OwnApplication(BaseModel):
    """An application as its applicant sees it. `expired`: it was undecided for too long and lost its place
    to another."""

    id: int
    campaign_id: int
    campaign_title: str
    product_name: str
    reward_value: str
    status: Status
    expired: bool
    applied_at: datetime


class ReceivedApplication(BaseModel):
    """An application as the campaign's creator sees it. Of a deleted user only the numbers are left.

    `sns_link` is what the applicant wrote, `sns_url` the same where it is an http or https address: what may be shown
    as a link. `held_until`: from then on a pending one may lose its place to the next applicant; `expired`: it has.
    """

    id: int
    user_id: int
    user_name: str
    user_email: str
    message: str
    sns_link: str | None
    sns_url: str | None
    follower_count: int
    status: Status
    expired: bool
    held_until: datetime
    applied_at: datetime


class Decided(BaseModel):
    """The application after the change."""

    message: str
    status: Status
