"""What cached answers about campaigns depend on."""

from __future__ import annotations

ALL_CAMPAIGNS = "campaigns"
"""Every list of campaigns, and every search. Applications leave it alone: see `catalogue.py`."""


def campaign_tag(campaign_id: int) -> str:
    """One campaign's page."""
    return f"campaign:{campaign_id}"
