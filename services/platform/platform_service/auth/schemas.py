"""Bodies of the auth endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from platform_service.users.models import NAME_LENGTH
from platform_service.users.schemas import User
from shared.schemas.emails import MAX_LENGTH, Email
from shared.schemas.text import Name, RawString
from shared.schemas.types import Request

LONGEST_PASSWORD = 1024
"""What is looked at at all; what may be chosen is in rules.py."""


def _encodable(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("control_character", "Contains a control character")
    return value


Password = Annotated[
    str, RawString(), Field(min_length=1, max_length=LONGEST_PASSWORD), AfterValidator(_encodable)
]
"""As typed: spaces count, nothing is stripped; what is hashed is prepared in rules.py."""
RefreshToken = Annotated[str, RawString(), Field(min_length=1, max_length=512)]
TypedAddress = Annotated[
    str, RawString(), Field(min_length=1, max_length=4 * MAX_LENGTH), AfterValidator(_encodable)
]
"""What is looked up by its folded form; decomposed it is up to four times as long. As typed, it tells apart accounts of
one address from before."""


class Registration(Request):
    """A new account."""

    email: Email
    password: Password
    name: Annotated[str, Name(1, NAME_LENGTH)]


class Login(Request):
    """The credentials. An impossible e-mail address counts as wrong credentials, not as an invalid field."""

    email: TypedAddress
    password: Password


class Refresh(Request):
    """The newest refresh token of a session."""

    refresh_token: RefreshToken


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


class Tokens(BaseModel):
    """An access token, valid for 15 minutes, and the refresh token that renews it."""

    access_token: str
    refresh_token: str


class LoggedIn(Tokens):
    """Tokens and the user they belong to."""

    user: User


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


class Message(BaseModel):
    """A message that confirms the change."""

    message: str
