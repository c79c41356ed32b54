"""What other services read of us; fields only ever get added."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class EntitlementItem(BaseModel):
    """A user's right to use a product; `version` grows with each change. `customer` is null for callers
    that charge nobody."""

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int


class EntitlementsOfUser(BaseModel):
    """All current and past entitlements of a user."""

    items: list[EntitlementItem]


class EntitlementSnapshot(EntitlementsOfUser):
    """A page of all entitlements; `next` is the cursor of the next page, null at the end."""

    next: str | None


class UserItem(BaseModel):
    """A user; `version` counts its changes."""

    user_id: int
    email: str
    name: str
    version: int


class UserSnapshot(BaseModel):
    """A page of all users; `next` is the cursor of the next page, null at the end."""

    items: list[UserItem]
    next: str | None
