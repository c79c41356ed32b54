"""Every route of the sns service."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from shared.web.routes import alias_of
from sns_service.accounts.router import router as accounts
from sns_service.analytics.router import router as analytics
from sns_service.deps import ALIAS, PREFIX
from sns_service.linking.router import router as linking
from sns_service.posts.router import router as posts
from sns_service.posts.templates import router as templates
from sns_service.settings import SnsSettings


def routers(_: SnsSettings) -> Sequence[APIRouter]:
    """Every route of the service, below either of its names."""
    parts = (accounts, linking, posts, templates, analytics)
    return [*parts, *(alias_of(part, prefix=PREFIX, alias=ALIAS) for part in parts)]
