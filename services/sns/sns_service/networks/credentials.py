"""What the credentials of a network are made of: tokens, passwords, names and ids."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from shared.schemas.dates import Timestamp
from shared.schemas.text import UnnormalizedText
from shared.schemas.types import StrictRequest


def _ascii(value: str) -> str:
    """What is pasted along unseen is refused here, and not by a network when a post is due."""
    if not (value.isascii() and value.isprintable()):
        raise PydanticCustomError("not_ascii", "Contains a character that is not printable ASCII")
    return value


def _without_spaces(value: str) -> str:
    if " " in value:
        raise PydanticCustomError("space", "Contains a space")
    return value


def _visible(value: str) -> str:
    if not value.isprintable():
        raise PydanticCustomError("not_printable", "Contains a character that is not printable")
    return value


Token = Annotated[str, UnnormalizedText(1, 4096), AfterValidator(_ascii), AfterValidator(_without_spaces)]
UserId = Annotated[str, UnnormalizedText(1, 64), AfterValidator(_ascii), AfterValidator(_without_spaces)]
UserName = Annotated[str, UnnormalizedText(1, 120), AfterValidator(_visible)]
Password = Annotated[str, UnnormalizedText(1, 4096), AfterValidator(_ascii)]
"""WordPress shows application passwords in groups, with spaces between them."""


class TokenCredentials(StrictRequest):
    """An OAuth token with the right to publish. With `refresh_token` it is renewed in time, or when rejected."""

    access_token: Token
    refresh_token: Token | None = None
    expires_at: Timestamp | None = None
