"""What can be wrong about a crawl.

ServiceError
  409 SiteNotConfigured
  422 UnknownSite
SiteFailed: a site that could not be read, with the reason for the admin
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import Conflict, FieldError, Unprocessable


class UnknownSite(Unprocessable):
    """There is no such partner site."""

    @classmethod
    def among(cls, known: Iterable[str]) -> UnknownSite:
        """Says which there are."""
        return cls(errors=[FieldError("site", f"must be one of {', '.join(sorted(known))}")])


class SiteNotConfigured(Conflict):
    """The address of this partner site is not configured (PARTNER_SITES)."""


class SiteFailed(Exception):
    """The site cannot be read; the message says why, in words for the admin."""
