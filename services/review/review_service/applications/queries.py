"""What applicants and creators read of applications: from the primary, since they look for what was just written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from review_service.applications.models import Status
from review_service.campaigns.errors import CampaignNotFound, NotTheCreator
from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID


@dataclass(frozen=True, slots=True)
class OwnRow:
    """An application for its applicant, in the order of the columns that are read."""

    id: int
    campaign_id: int
    campaign_title: str
    product_name: str
    reward_value: str
    status: Status
    expired: bool
    applied_at: datetime


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """An application for the campaign's creator, by the names of the columns; `sns_url` is made of `sns_link`."""

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
    sns_url: str | None


Row = TypeVar("Row", OwnRow, ReceivedRow)
OF_APPLICANT = """
    SELECT a.id, a.campaign_id, c.title AS campaign_title, c.product_name, c.reward_value, a.status, a.expired,
        a.created_at AS applied_at
    FROM campaign_applications AS a JOIN campaigns AS c ON c.id = a.campaign_id
    WHERE a.user_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3
"""
CREATOR = "SELECT creator_id FROM campaigns WHERE id = $1"
OF_CAMPAIGN = """
    SELECT a.id, a.user_id, coalesce(u.name, '') AS user_name, coalesce(u.email, '') AS user_email, a.message,
        a.sns_link, a.follower_count, a.status, a.expired, a.held_until, a.created_at AS applied_at
    FROM campaign_applications AS a LEFT JOIN users AS u ON u.id = a.user_id
    WHERE a.campaign_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3
"""


async def of_applicant(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[OwnRow], int | None]:
    """What a user applied to, newest first, and the id after which the next page starts."""
    found = await database.fetch(OF_APPLICANT, user_id, _start(before), limit + 1)
    return _page([OwnRow(*row) for row in found], limit)


async def of_campaign(
    database: Database, *, campaign_id: int, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[ReceivedRow], int | None]:
    """Who applied to a campaign, newest first, for its creator. Raises CampaignNotFound or NotTheCreator."""
    async with database.read_raw() as connection:
        creator_id = await connection.fetchval(CREATOR, campaign_id)
        if creator_id is None:
            raise CampaignNotFound
        if creator_id != user_id:
            raise NotTheCreator
        found = await connection.fetch(OF_CAMPAIGN, campaign_id, _start(before), limit + 1)
    return _page([ReceivedRow(**row, sns_url=link_of(row["sns_link"])) for row in found], limit)


def link_of(text: str | None) -> str | None:
    """The text if it is an absolute http or https address, which a page may link to; else None."""
    if text is None or len(text.split(maxsplit=1)) != 1:
        return None
    try:
        parts = urlsplit(text)
        is_link = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return text if is_link else None


def _start(before: int | None) -> int:
    return MAX_ID if before is None else before


def _page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], int | None]:
    shown, last = split_page(rows, limit)
    return shown, last.id if last else None
