"""What other services read of us; fields only ever get added."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class EntitlementItem(BaseModel):
    """A user's right to use a product; `version` grows with each change of it. `customer` is null for callers that
    charge nobody."""

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int


class EntitlementsOfUser(BaseModel):
    """All entitlements that a user has or had."""

    items: list[EntitlementItem]


class EntitlementSnapshot(EntitlementsOfUser):
    """A part of all entitlements; `next` is what to ask for next, null at the end."""

    next: str | None


class UserItem(BaseModel):
    """A user; `version` counts the changes."""

    user_id: int
    email: str
    name: str
    version: int


class UserSnapshot(BaseModel):
    """A part of all users; `next` is what to ask for next, null at the end."""

    items: list[UserItem]
    next: str | None
