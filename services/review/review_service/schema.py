"""Every table of the service, for code that needs all of them: migrations and their check."""

from __future__ import annotations

from review_service.applications.models import Application
from review_service.campaigns.models import Campaign
from review_service.crawls.models import Crawl, CrawledPage
from review_service.listings.models import Listing
from review_service.search_index.models import SearchDocument, SearchSpelling, SearchWord
from review_service.tables import Base, Entitlement, IdempotencyRecord, Inbox, Outbox
from review_service.users import User

__all__ = [
    "Application",
    "Base",
    "Campaign",
    "Crawl",
    "CrawledPage",
    "Entitlement",
    "IdempotencyRecord",
    "Inbox",
    "Listing",
    "Outbox",
    "SearchDocument",
    "SearchSpelling",
    "SearchWord",
    "User",
]
