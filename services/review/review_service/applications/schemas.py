"""What clients send about applications, and what they get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from review_service.applications.rules import Status
from shared.schemas.body import Request
from shared.schemas.types import NotBool, Text, Url

MAX_LINK = 500
MAX_FOLLOWERS = 10_000_000_000


def _short(value: str) -> str:
    if len(value) > MAX_LINK:
        raise PydanticCustomError("too_long", "At most 500 characters")
    return value


class NewApplication(Request):
    """Why the user is the one to review it, and where they publish."""

    message: Annotated[str, Text(1, 2000)]
    sns_link: Annotated[Url, AfterValidator(_short)] | None = None
    follower_count: Annotated[int, Field(ge=0, le=MAX_FOLLOWERS), NotBool] | None = None


class Decision(Request):
    """What becomes of an application."""

    status: Status


class ApplicationMade(BaseModel):
    """The new application's id."""

    id: int
    message: str


class OwnApplication(BaseModel):
    """An application as who made it sees it. `expired`: undecided for too long, it gave up its place to another."""

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

    `held_until`: from then on a pending one may lose its place to the next applicant; that has happened if `expired`.
    """

    id: int
    user_id: int
    user_name: str
    user_email: str
    message: str
    sns_link: str | None
    follower_count: int
    status: Status
    expired: bool
    held_until: datetime
    applied_at: datetime


class Decided(BaseModel):
    """What the application is now."""

    message: str
    status: Status
