"""What clients send about accounts, and what they get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.schemas.text import Name, RawString
from shared.schemas.types import Request
from sns_service.networks.registry import PlatformName

AccountName = Annotated[str, Name(1, 120)]
Credentials = Annotated[dict[str, Annotated[str, RawString()]], Field(max_length=10)]


class NewAccount(Request):
    """An account to link. `credentials` may also be given later; what they hold depends on the network.

    An `access_token` may be sent with `expires_at` and, for TikTok, YouTube and X, with a `refresh_token`
    that renews it.
    """

    platform: PlatformName
    account_name: AccountName
    credentials: Credentials | None = None


class AccountChanges(Request):
    """What to change; what is left out stays. Credentials are replaced as a whole."""

    account_name: AccountName = ""
    credentials: Credentials | None = None
    is_active: bool = True


class AccountLinked(BaseModel):
    """The new account's id."""

    id: int
    message: str


class AccountCard(BaseModel):
    """A linked account. Its credentials are never returned, only whether it has any."""

    id: int
    platform: PlatformName
    account_name: str
    is_active: bool
    has_credentials: bool
    paused_until: datetime | None
    post_count: int
    created_at: datetime


class Done(BaseModel):
    """A message that says what was done."""

    message: str
