"""What cached answers about listings depend on."""

from __future__ import annotations

ALL_LISTINGS = "listings"
