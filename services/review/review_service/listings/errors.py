"""What can be wrong about a listing.

ServiceError
  404 ListingNotFound
"""

from __future__ import annotations

from shared.errors import NotFound


class ListingNotFound(NotFound):
    """There is no listing with this id, or its site no longer shows it."""
