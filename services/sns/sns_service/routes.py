"""Every route of the sns service."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from sns_service.accounts.router import router as accounts
from sns_service.analytics.router import router as analytics
from sns_service.deps import PREFIXES
from sns_service.posts.router import router as posts
from sns_service.posts.templates_router import router as templates
from sns_service.settings import SnsSettings


def routers(_: SnsSettings) -> Sequence[APIRouter]:
    """Every route of the service, below either of its names."""
    return [_below(prefix, documented=prefix == PREFIXES[0]) for prefix in PREFIXES]


def _below(prefix: str, *, documented: bool) -> APIRouter:
    router = APIRouter(prefix=prefix, include_in_schema=documented)
    for part in (accounts, posts, templates, analytics):
        router.include_router(part)
    return router
