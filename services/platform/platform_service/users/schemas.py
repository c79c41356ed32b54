"""A user, as clients know one."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from platform_service.users.models import Role


class User(BaseModel):
    """A user, as clients see it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    name: str
    role: Role
    created_at: datetime
