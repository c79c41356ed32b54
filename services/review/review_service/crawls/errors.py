"""What can be wrong about a crawl.

ServiceError
  409 SiteNotConfigured
  422 UnknownSite
NotSuspicious: a crawl that awaits no operator's decision
SiteFailed: a site that could not be read, with the reason for the admin
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import Conflict, FieldError, Unprocessable


class UnknownSite(Unprocessable):
    """There is no partner site with this name."""

    @classmethod
    def among(cls, known: Iterable[str]) -> UnknownSite:
        """Says which there are."""
        return cls(errors=[FieldError("site", f"must be one of {', '.join(sorted(known))}")])


class SiteNotConfigured(Conflict):
    """The address of this partner site is not configured (PARTNER_SITES)."""


class NotSuspicious(Exception):
    """The crawl is not suspicious, or no longer: it was decided about, or its site was crawled again."""

    def __init__(self) -> None:
        super().__init__("is not suspicious, or no longer suspicious")


class SiteFailed(Exception):
    """The site cannot be read; the message tells the administrator why."""
