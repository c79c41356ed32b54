"""Bodies of the auth endpoints, and a user as clients know one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from platform_service.users.models import NAME_LENGTH, Role
from shared.schemas.emails import MAX_LENGTH, Email
from shared.schemas.text import Name, RawString
from shared.schemas.types import Request


class User(BaseModel):
    """A user, as clients see it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    name: str
    role: Role
    created_at: datetime


LONGEST_PASSWORD = 1024
"""What is looked at at all; what may be chosen is in passwords.py."""


def _encodable(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("control_character", "Contains a control character")
    return value


Password = Annotated[
    str, RawString(), Field(min_length=1, max_length=LONGEST_PASSWORD), AfterValidator(_encodable)
]
"""As typed: spaces count, nothing is stripped; what is hashed is prepared in passwords.py."""
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


class Tokens(BaseModel):
    """An access token, valid for 15 minutes, and the refresh token that renews it."""

    access_token: str
    refresh_token: str


class LoggedIn(Tokens):
    """Tokens and the user they belong to."""

    user: User
