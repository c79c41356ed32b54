"""Web apps over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from ai_service.webapps.rules import MAX_URL, Status, flaw
from shared.schemas.text import Name, Text, UnnormalizedText
from shared.schemas.types import Request


def _public(value: str) -> str:
    if reason := flaw(value):
        raise PydanticCustomError("public_url", "{reason}", {"reason": reason})
    return value


PublicUrl = Annotated[str, UnnormalizedText(1, MAX_URL), AfterValidator(_public)]
"""An https address of a public host, without credentials."""


class NewWebApp(Request):
    """An idea."""

    name: Annotated[str, Name(1, 100)]
    description: Annotated[str, Text(0, 4000)] | None = None


class Deployment(Request):
    """Where it stands, and where its code is; both may be said later."""

    url: PublicUrl | None = None
    repo: PublicUrl | None = None


class WebAppShown(BaseModel):
    """A web app. `deployed` is the time of its last deployment."""

    id: int
    name: str
    description: str | None
    status: Status
    url: str | None
    repo: str | None
    created: datetime
    deployed: datetime | None


class WebAppCreated(BaseModel):
    """The new web app."""

    id: int
    message: str
    webapp: WebAppShown


class WebAppChanged(BaseModel):
    """The web app after the change."""

    message: str
    webapp: WebAppShown
