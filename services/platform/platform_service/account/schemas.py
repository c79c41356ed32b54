"""Bodies of the endpoints of one's own account."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from platform_service.auth.schemas import Password, RefreshToken
from shared.schemas.types import Request


class Logout(Request):
    """Which session ends; without a refresh token the one of the access token."""

    refresh_token: RefreshToken | None = None


class PasswordChange(Request):
    """The current and the new password."""

    current_password: Password
    new_password: Password


class AccountDeletion(Request):
    """The current password, so that a stolen device alone cannot delete an account."""

    password: Password


class SessionShape(BaseModel):
    """One of the user's open sessions."""

    id: str
    created_at: datetime
    last_used_at: datetime
    user_agent: str
    current: bool


class SessionList(BaseModel):
    """The user's open sessions, most recently used first."""

    sessions: list[SessionShape]
