"""review's settings: environment variables."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HttpUrl, ServiceSettings


class ReviewSettings(ServiceSettings):
    """The common settings, what applications may hold, and where the partner sites are."""

    max_pending_applications: int = Field(default=20, ge=1)
    """Of one user at a time, in all campaigns together."""
    application_hold_days: int = Field(default=14, ge=1, le=365)
    """How long an undecided application keeps its place from others once a campaign is full."""

    partner_sites: dict[str, HttpUrl] = Field(default_factory=dict)
    """The first page of each partner site, as JSON: {"danggeun": "https://..."}. A site without one is not crawled."""
    crawl_private_hosts: frozenset[str] = frozenset()
    """Hosts with their port, as JSON: ["127.0.0.1:8121"], which crawls may reach although they are not public."""
    crawl_delay_seconds: float = Field(default=1.0, ge=0, le=60)
    """The least time between two requests to one site; its robots.txt may ask for more."""

    crawl_suspicious_share: float = Field(default=0.5, ge=0, le=1)
    """A crawl that does not see more than this share of a site's open listings retires none, and asks an operator."""
    crawl_suspicious_from: int = Field(default=3, ge=1)
    """So many open listings a site must have had for that."""

    def unsafe_in_production(self) -> list[str]:
        """Also refuses crawls of our own network."""
        unsafe = super().unsafe_in_production()
        if self.crawl_private_hosts:
            unsafe.append("CRAWL_PRIVATE_HOSTS: must be empty")
        return unsafe
