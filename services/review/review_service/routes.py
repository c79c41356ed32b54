"""Every route of the review service."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from review_service.applications.router import router as applications
from review_service.campaigns.router import router as campaigns
from review_service.crawls.router import router as crawls
from review_service.listings.router import router as listings
from review_service.search.router import router as search
from review_service.settings import ReviewSettings


def routers(_: ReviewSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (campaigns, applications, search, listings, crawls)
