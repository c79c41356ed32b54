"""What is sent and answered about users."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, model_validator

from platform_service.users.models import Role
from shared.schemas.types import Request


class User(BaseModel):
    """A user, as clients see it."""

    id: int
    email: str
    name: str
    role: Role
    created_at: datetime


class ListedUser(User):
    """A user in an administrator's list."""

    is_active: bool
    active_subscriptions: int


class UserPage(BaseModel):
    """A page of users."""

    users: list[ListedUser]
    total: int
    pages: int
    current_page: int


class UserChange(Request):
    """What an administrator changes; at least one of the fields."""

    role: Role | None = Field(default=None, description="A user who loses the admin role is logged out.")
    is_active: bool | None = Field(default=None, strict=True, description="A deactivated user is logged out.")

    @model_validator(mode="after")
    def _changes_something(self) -> UserChange:
        if self.role is None and self.is_active is None:
            raise ValueError("send role or is_active")
        return self


def user_shape(row: Any) -> dict[str, Any]:
    """The fields of `User`, of a row or a model that has them."""
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "created_at": row.created_at,
    }
